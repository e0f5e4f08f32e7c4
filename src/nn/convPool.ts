/**
 * Convolution with bias and ReLU, then max pooling, as one operation if the backend has a kernel for it: that kernel
 * keeps only the places of the maxima. Otherwise the two layers run; they are the specification.
 */
import './gradients.js';
import { registerGradient, type Tensor, type Tensor4D } from '../backends/tfjs.js';
import { ConvReluMaxPool, MaxPoolReluBiasGrad, hasKernel, runKernel } from '../backends/kernels.js';
import { conv, convolutionGradient, type ConvAttrs } from './conv.js';
import type { LayerOf } from './layer.js';
import { padded } from './padding.js';
import { maxPooling } from './pool.js';

/** Of a kernel's windows: positions in one are bytes. */
const widest = 15;

interface ConvPoolAttrs extends ConvAttrs {
  /** Of a window. */
  readonly size: number;
  /** Of the convolution's output, without the batch. */
  readonly convolved: number[];
}

registerGradient({
  kernelName: ConvReluMaxPool,
  inputsToSave: ['x', 'filter'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [dy] = dys as Tensor[];
    const [x, filter, where] = saved as [Tensor4D, Tensor4D, Tensor];
    const conv = attrs as unknown as ConvPoolAttrs;
    const shape = [x.shape[0], ...conv.convolved];
    // Computed and disposed of at once, as in conv.ts.
    const [dz, dbias] = runKernel(MaxPoolReluBiasGrad, { dy: dy!, where }, { size: conv.size, shape });
    where.dispose();
    return { ...convolutionGradient(conv, x, filter, dz!, [dy!]), bias: () => dbias! };
  },
});

/** `conv(filters, size, { bias: true, relu: true })`, then `maxPooling(window)`. */
export function convPool(filters: number, size: number, window: number): LayerOf {
  return (input) => {
    const convolution = conv(filters, size, { bias: true, relu: true })(input);
    const pooling = maxPooling(window)(convolution.output);
    const margin = (size - 1) / 2;
    return {
      ...convolution,
      output: pooling.output,
      apply(params, state, x, pass) {
        if (window > widest || !hasKernel(ConvReluMaxPool)) {
          return pooling.apply([], [], convolution.apply(params, state, x, pass), pass);
        }
        const [filter, bias] = params as [Tensor, Tensor];
        const { x: image, pad } = padded(x, size, 1, margin, margin);
        const attrs: ConvPoolAttrs = {
          strides: [1, 1],
          pad,
          dataFormat: 'NHWC',
          dilations: [1, 1],
          activation: 'relu',
          biased: true,
          size: window,
          convolved: [...convolution.output],
        };
        return runKernel(ConvReluMaxPool, { x: image, filter, bias }, { ...attrs })[0]!;
      },
    };
  };
}
