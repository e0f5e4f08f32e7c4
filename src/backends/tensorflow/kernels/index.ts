/**
 * The fused kernels of backends/kernels.ts on TensorFlow, each of as few of its operations as there are. TensorFlow has
 * none for an optimizer's step on plain tensors: that one is the chain of optim/.
 */
import { getKernel } from '../../tfjs.js';
import { SoftmaxCrossEntropy } from '../../kernels.js';
import { registerBatchNorm } from './batchNorm.js';
import { registerTraining } from './training.js';

/** Registers them; a second call does nothing. */
export function registerTensorflowKernels(): void {
  if ((getKernel(SoftmaxCrossEntropy, 'tensorflow') as unknown) != null) return;
  registerBatchNorm();
  registerTraining();
}
