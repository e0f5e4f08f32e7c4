/** The gradient through `y = relu(z + bias)`, shared by dense and convolutional layers. */
import { mul, reshape, step, sum, type Tensor, type Tensor1D } from '../backends/tfjs.js';
import { BiasReluGrad, hasKernel, runKernel } from '../backends/kernels.js';

/** From dy and y [..., c]: dz [..., c] and dbias [c]. `activation` is 'relu' or 'linear'. */
export function biasGradient(dy: Tensor, y: Tensor, activation: string): [Tensor, Tensor1D] {
  const isRelu = activation === 'relu';
  if (hasKernel(BiasReluGrad)) {
    const [dz, dbias] = runKernel(BiasReluGrad, { dy, y }, { relu: isRelu });
    return [dz!, dbias as Tensor1D];
  }
  const dz = isRelu ? mul(dy, step(y)) : dy;
  const channels = y.shape[y.rank - 1]!;
  return [dz, sum(reshape(dz, [-1, channels]), 0)];
}
