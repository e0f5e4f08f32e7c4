/**
 * Gradient of a 2-D convolution with respect to its input, as one fast forward convolution of dy.
 *
 * With stride s, input row y = s*q + r - padTop receives  dx[y] = sum_t dy[q - t] * W[s*t + r].
 * For each of the s residues r this is an ordinary convolution over q with every s-th tap of the filter. All s*s of
 * them have the same input, so they run as one convolution with s*s*inChannels outputs. Its results are interleaved
 * (the "sub-pixel" form, https://arxiv.org/abs/1609.05158), so no zeros are inserted into dy. At stride 1 it is the
 * textbook convolution with the flipped, transposed filter.
 */
import { backend_util, Conv2D, util, type Conv2DBackpropInputAttrs, type Conv2DInfo } from '../tfjs.js';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { allocate, release, runOriginal, values, type Block } from './heap.js';

/** How the gradient along one spatial axis is laid out in the forward convolution. */
interface Axis {
  /** Taps of the rearranged filter. */
  readonly taps: number;
  /** Padding of dy, before and after. */
  readonly pad: readonly [number, number];
  /** Convolution outputs, each of which holds `stride` neighbouring input positions. */
  readonly outputs: number;
  /** Positions to drop from the front of the interleaved result. */
  readonly skip: number;
}

function layAxis(
  inSize: number,
  outSize: number,
  filterSize: number,
  padBefore: number,
  stride: number,
): Axis {
  const taps = Math.ceil(filterSize / stride);
  // The first q that reaches an input position, but not so far that the padding of dy becomes negative.
  const first = Math.min(Math.floor(padBefore / stride), taps - 1);
  const last = Math.max(Math.ceil((inSize + padBefore) / stride), outSize);
  return {
    taps,
    pad: [taps - 1 - first, last - outSize],
    outputs: last - first,
    skip: padBefore - first * stride,
  };
}

/**
 * The filter [h, w, inChannels, outChannels] as the forward filter [tapsH, tapsW, outChannels, s*s*inChannels],
 * taps reversed; taps past the end of the filter are zero.
 */
function rearrangeFilter(
  source: Float32Array,
  target: Float32Array,
  [h, w, cIn, cOut]: readonly [number, number, number, number],
  [tapsH, tapsW]: readonly [number, number],
  stride: number,
): void {
  target.fill(0);
  const width = stride * stride * cIn;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const tap = (tapsH - 1 - Math.floor(y / stride)) * tapsW + (tapsW - 1 - Math.floor(x / stride));
      const residue = (y % stride) * stride + (x % stride);
      for (let i = 0; i < cIn; i++) {
        const from = ((y * w + x) * cIn + i) * cOut;
        const to = tap * cOut * width + residue * cIn + i;
        for (let o = 0; o < cOut; o++) target[to + o * width] = source[from + o]!;
      }
    }
  }
}

/**
 * Moves the convolution's outputs [n, qh, qw, s*s*c] to their input positions [n, ih, iw, c], without those outside
 * the image.
 */
function interleave(
  source: Float32Array,
  target: Float32Array,
  rows: Axis,
  cols: Axis,
  info: Conv2DInfo,
): void {
  const { batchSize, inHeight, inWidth, inChannels } = info;
  const stride = info.strideHeight;
  const depth = stride * stride * inChannels;
  let to = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let y = rows.skip; y < rows.skip + inHeight; y++) {
      const row = (n * rows.outputs + Math.floor(y / stride)) * cols.outputs;
      for (let x = cols.skip; x < cols.skip + inWidth; x++) {
        const residue = (y % stride) * stride + (x % stride);
        let from = (row + Math.floor(x / stride)) * depth + residue * inChannels;
        for (let i = 0; i < inChannels; i++) target[to++] = source[from++]!;
      }
    }
  }
}

/**
 * Kernel Conv2DBackpropInput.
 *   inputs dy [n, oh, ow, outChannels], filter [h, w, inChannels, outChannels], float32
 *   attrs  strides (equal along both axes), pad, dimRoundingMode, dataFormat NHWC, inputShape [n, ih, iw, inChannels]
 *   output dx [n, ih, iw, inChannels]
 * tfjs's own (slow) kernel runs if the strides differ, the layout is NCHW, or the shapes are not those of a convolution.
 */
export function conv2DBackpropInput(args: {
  inputs: { dy: Block; filter: Block };
  attrs: Conv2DBackpropInputAttrs;
  backend: BackendWasm;
}): Block {
  const { inputs, attrs, backend } = args;
  const { dy, filter } = inputs;
  const shape = filter.shape as [number, number, number, number];
  const layout = backend_util.convertConv2DDataFormat(attrs.dataFormat);
  const { strides, pad, dimRoundingMode, inputShape } = attrs;
  const info = backend_util.computeConv2DInfo(
    inputShape,
    shape,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    layout,
  );
  const stride = info.strideHeight;
  // tf.conv2dTranspose may ask for an output that is not this convolution's input.
  const isTrueGradient = dy.shape[1] === info.outHeight && dy.shape[2] === info.outWidth;
  const isEmpty = util.sizeFromShape(dy.shape) === 0 || util.sizeFromShape(inputShape) === 0;
  if (layout !== 'channelsLast' || stride !== info.strideWidth || isEmpty || !isTrueGradient) {
    return runOriginal(backend, 'Conv2DBackpropInput', { dy, filter }, attrs);
  }
  const rows = layAxis(info.inHeight, info.outHeight, info.filterHeight, info.padInfo.top, stride);
  const cols = layAxis(info.inWidth, info.outWidth, info.filterWidth, info.padInfo.left, stride);

  const forward = allocate(backend, [
    rows.taps,
    cols.taps,
    info.outChannels,
    stride * stride * info.inChannels,
  ]);
  rearrangeFilter(values(backend, filter), values(backend, forward), shape, [rows.taps, cols.taps], stride);
  const out = runOriginal(
    backend,
    Conv2D,
    { x: dy, filter: forward },
    { strides: 1, dilations: 1, dataFormat: 'NHWC', pad: [[0, 0], [...rows.pad], [...cols.pad], [0, 0]] },
  );
  release(backend, forward);
  const exact = rows.outputs === info.inHeight && cols.outputs === info.inWidth;
  if (stride === 1 && exact && rows.skip === 0 && cols.skip === 0) return out;
  const dx = allocate(backend, inputShape);
  interleave(values(backend, out), values(backend, dx), rows, cols, info);
  release(backend, out);
  return dx;
}
