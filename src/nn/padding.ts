/**
 * Zero padding of convolutions, in a form that the current backend has kernels for.
 *
 * PyTorch and the authors' Torch pad by given amounts. TensorFlow pads by 'same', which with a stride puts the odd
 * pixel at the other end. tfjs accepts given amounts, but the kernels of tfjs-node refuse them, above all in gradients
 * (https://github.com/tensorflow/tfjs/blob/master/tfjs-node/src/kernels/Conv2DBackpropInput.ts).
 */
import { engine, pad as zeroPad, type Tensor, type Tensor4D } from '../backends/tfjs.js';

/** tfjs's way to give amounts: before and after, for each axis of NHWC. */
export type GivenPadding = [[0, 0], [number, number], [number, number], [0, 0]];

/** An input, and the `pad` attribute to convolve it with. */
export interface Padded {
  readonly x: Tensor4D;
  readonly pad: 'same' | 'valid' | GivenPadding;
}

/** Backends whose convolutions know 'same' and 'valid' only. */
const limited = new Set(['tensorflow']);

/** `before` and `after` zeros along height and width, for a size x size convolution of stride `stride`. */
export function padded(input: Tensor, size: number, stride: number, before: number, after: number): Padded {
  const x = input as Tensor4D;
  if (before === 0 && after === 0) return { x, pad: 'valid' };
  const [, height, width] = x.shape;
  const same = (n: number) => {
    const total = Math.max(0, (Math.ceil(n / stride) - 1) * stride + size - n);
    return Math.floor(total / 2) === before && Math.ceil(total / 2) === after;
  };
  if (same(height) && same(width)) return { x, pad: 'same' };
  const pad: GivenPadding = [
    [0, 0],
    [before, after],
    [before, after],
    [0, 0],
  ];
  return limited.has(engine().backendName) ? { x: zeroPad(x, pad), pad: 'valid' } : { x, pad };
}
