/** ReLU whose gradient is one pass where the backend has a kernel for it. */
import './gradients.js';
import {
  Relu,
  getGradient,
  mul,
  registerGradient,
  relu as tfjsRelu,
  step,
  type GradConfig,
  type Tensor,
} from '../backends/tfjs.js';
import { ReluGrad, hasKernel, runKernel } from '../backends/kernels.js';
import type { LayerOf } from './layer.js';

// tfjs's own gradient reads the input and takes three operations. From the output it takes one.
const gradient: GradConfig = {
  kernelName: Relu,
  outputsToSave: [true],
  gradFunc: (dy, saved) => ({
    x: () => {
      const [y] = saved as [Tensor];
      return hasKernel(ReluGrad)
        ? runKernel(ReluGrad, { dy: dy as Tensor, y })[0]!
        : mul(dy as Tensor, step(y));
    },
  }),
};

/** max(x, 0), elementwise, with that gradient even where tfjs's union package was loaded since the last call. */
export function rectify(x: Tensor): Tensor {
  if (getGradient(Relu) !== gradient) registerGradient(gradient);
  return tfjsRelu(x);
}

/** `rectify` as a layer. */
export const relu: LayerOf = (input) => ({
  output: input,
  params: [],
  state: [],
  apply: (_p, _s, x) => rectify(x),
});
