/** Softmax cross-entropy, the loss of every network here. */
import './gradients.js';
import {
  exp,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  registerGradient,
  sub,
  sum,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '../backends/tfjs.js';
import { SoftmaxCrossEntropy, hasKernel, runKernel } from '../backends/kernels.js';
import { withGradient } from './withGradient.js';

registerGradient({
  kernelName: SoftmaxCrossEntropy,
  outputsToSave: [false, true],
  gradFunc: (dys, saved) => {
    const [dloss] = dys as Tensor[];
    return { logits: () => mul(saved[0]!, dloss!) };
  },
});

/**
 * Mean over the batch of -log softmax(logits)[label], in nats.
 * logits [b, k] float32, labels [b] int32 in 0..k-1. The gradient (softmax - onehot)/b comes with the value.
 */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D): Scalar {
  if (hasKernel(SoftmaxCrossEntropy)) return runKernel(SoftmaxCrossEntropy, { logits, labels })[0] as Scalar;
  return withGradient([logits], ([logits], save) => {
    const [batch, classes] = logits.shape;
    const logProbability = logSoftmax(logits);
    const target = oneHot(labels, classes);
    const value = neg(mean(sum(mul(logProbability, target), 1)));
    save([mul(sub(exp(logProbability), target), 1 / batch)]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => mul(saved[0]!, dy) };
  }) as Scalar;
}
