/**
 * Convolution with optional bias and ReLU: one kernel forward (tfjs's FusedConv2D) and a lazy gradient. The input's
 * gradient of a network's first layer is not needed, so it is not computed.
 */
import './gradients.js';
import {
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  FusedConv2D,
  dispose,
  registerGradient,
  type Tensor,
  type Tensor4D,
} from '../backends/tfjs.js';
import { biasGradient } from './biasGradient.js';
import { runKernel } from '../backends/kernels.js';
import type { LayerOf } from './layer.js';
import { padded, type Padded } from './padding.js';

export interface ConvAttrs {
  readonly strides: [number, number];
  readonly pad: Padded['pad'];
  readonly dataFormat: 'NHWC';
  readonly dilations: [number, number];
  readonly activation: 'linear' | 'relu';
  /** Whether there is a bias; for the gradient. */
  readonly biased: boolean;
}

// tfjs has no gradient for the fused kernel itself (its op builds one that is never lazy), so this is ours. It
// disposes of what it has used. tfjs would keep every activation and gradient of a network until the last one is
// computed, a third more memory. The saved tensors and the incoming gradient belong to the kernel; when tfjs disposes
// of them later, nothing happens.
registerGradient({
  kernelName: FusedConv2D,
  inputsToSave: ['x', 'filter'],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, filter, y] = saved as [Tensor4D, Tensor4D, Tensor4D];
    const conv = attrs as unknown as ConvAttrs;
    // Computed at once, not in the callbacks: tfjs tidies each of those by itself.
    const [dz, dbias] = conv.biased ? biasGradient(dy as Tensor, y, conv.activation) : [dy as Tensor];
    y.dispose();
    return {
      ...convolutionGradient(conv, x, filter, dz, [dy as Tensor]),
      ...(dbias ? { bias: () => dbias } : {}),
    };
  },
});

/** The lazy gradients by x and by filter of a convolution whose output's is dz; disposes of x, dz and `used`. */
export function convolutionGradient(
  { strides, pad, dataFormat }: ConvAttrs,
  x: Tensor4D,
  filter: Tensor4D,
  dz: Tensor,
  used: Tensor[],
) {
  const shared = { strides, pad, dataFormat };
  return {
    x: () => runKernel(Conv2DBackpropInput, { dy: dz, filter }, { ...shared, inputShape: x.shape })[0]!,
    // Computed after x: tfjs takes the inputs in their order.
    filter: () => {
      const attrs = { ...shared, filterShape: filter.shape };
      const dfilter = runKernel(Conv2DBackpropFilter, { x, dy: dz }, attrs)[0]!;
      dispose([x, dz, ...used]);
      return dfilter;
    },
  };
}

/**
 * size x size convolution to `filters` channels, NHWC, zero padding of `margin` on each side (PyTorch's
 * `padding`, not TensorFlow's asymmetric 'same'), He initialisation by fan-out as in the authors' code:
 * normal with variance 2/(size^2 filters). https://arxiv.org/abs/1502.01852
 */
export function conv(
  filters: number,
  size: number,
  { stride = 1, bias = false, relu = false, margin = (size - 1) / 2 } = {},
): LayerOf {
  if (relu && !bias) throw new Error('conv: relu without bias is not fused; normalise or add a bias.');
  return ([h, w, c]) => {
    const out = (n: number) => Math.floor((n + 2 * margin - size) / stride) + 1;
    const weight = {
      name: 'weight',
      shape: [size, size, c!, filters],
      init: { sd: Math.sqrt(2 / (size * size * filters)) },
    };
    const params = bias ? [weight, { name: 'bias', shape: [filters], init: { constant: 0 } }] : [weight];
    const attrs: Omit<ConvAttrs, 'pad'> = {
      strides: [stride, stride],
      dataFormat: 'NHWC',
      dilations: [1, 1],
      activation: relu ? 'relu' : 'linear',
      biased: bias,
    };
    return {
      output: [out(h!), out(w!), filters],
      params,
      state: [],
      apply([filter, offset], _state, input) {
        const { x, pad } = padded(input, size, stride, margin, margin);
        const inputs = offset ? { x, filter: filter!, bias: offset } : { x, filter: filter! };
        return runKernel(FusedConv2D, inputs, { ...attrs, pad })[0]!;
      },
    };
  };
}
