/** The loss with its gradient, and the gradients of ReLU and bias, by TensorFlow's own operations for them. */
import { mean, mul, tidy, type Tensor, type TensorInfo } from '../../tfjs.js';
import { BiasReluGrad, ReluGrad, SoftmaxCrossEntropy } from '../../kernels.js';
import { alias, float32, op, register, type TensorflowBackend } from './ops.js';

function crossEntropy(
  backend: TensorflowBackend,
  { logits, labels }: { logits: TensorInfo; labels: TensorInfo },
): Tensor[] {
  return tidy(() => {
    const [losses, backprop] = op(
      backend,
      'SparseSoftmaxCrossEntropyWithLogits',
      { T: float32, Tlabels: { type: 'int32' } },
      [logits, labels],
      2,
    );
    return [mean(losses!), mul(backprop!, 1 / logits.shape[0]!)];
  });
}

/** dy where y > 0. tfjs's `step` would take seven operations, and a constant as large as y. */
const reluGrad = (backend: TensorflowBackend, { dy, y }: { dy: TensorInfo; y: TensorInfo }): Tensor =>
  op(backend, 'ReluGrad', { T: float32 }, [dy, y])[0]!;

function biasReluGrad(
  backend: TensorflowBackend,
  inputs: { dy: TensorInfo; y: TensorInfo },
  { relu }: { relu: boolean },
): TensorInfo[] {
  const dz = relu ? reluGrad(backend, inputs) : alias(backend, inputs.dy);
  const [dbias] = op(backend, 'BiasAddGrad', { T: float32, data_format: 'NHWC' }, [dz]);
  return [dz, dbias!];
}

export function registerTraining(): void {
  register<{ logits: TensorInfo; labels: TensorInfo }, object>(SoftmaxCrossEntropy, ({ inputs, backend }) =>
    crossEntropy(backend, inputs),
  );
  register<{ dy: TensorInfo; y: TensorInfo }, object>(ReluGrad, ({ inputs, backend }) =>
    reluGrad(backend, inputs),
  );
  register<{ dy: TensorInfo; y: TensorInfo }, { relu: boolean }>(BiasReluGrad, ({ inputs, attrs, backend }) =>
    biasReluGrad(backend, inputs, attrs),
  );
}
