/**
 * Gradient of a 2-D convolution with respect to its filter, made of fast forward convolutions. tfjs's wasm backend has
 * no such kernel.
 *
 *     dW[ky, kx, i, o] = sum over n, y, x of  x[n, s*y + ky - pad, s*x + kx - pad, i] * dy[n, y, x, o]
 *
 * Take the image number n for the channel, and the input channel i for the image. Then this is a forward convolution
 * of x by dy. Its output is the filter-sized plane (ky, kx), and the stride becomes the dilation. A few images are
 * taken at a time, so that XNNPACK's packed panel of dy stays in the level-2 cache. The parts are added in order.
 */
import {
  backend_util,
  Conv2D,
  Transpose,
  util,
  type Conv2DBackpropFilterAttrs,
  type Conv2DInfo,
} from '../tfjs.js';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { allocate, release, reshaped, runOriginal, values, withWindow, type Block } from './heap.js';
import { batchMatMul } from './matMul.js';

/** Length of the summed dimension (images x pixels) that one forward convolution takes; measured, see bench. */
const PANEL = 16_384;

/** The block [a, b, c] with its axes in the order of `perm`. */
const transposed = (backend: BackendWasm, x: Block, perm: readonly number[]): Block =>
  runOriginal(backend, Transpose, { x }, { perm: [...perm] });

/** The filter gradient of `count` images from `start`, laid out [inChannels, >= height, >= width, outChannels]. */
function partialGradient(
  backend: BackendWasm,
  x: Block,
  dy: Block,
  info: Conv2DInfo,
  start: number,
  count: number,
): Block {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const [inPixels, outPixels] = [inHeight * inWidth, outHeight * outWidth];
  const images = withWindow(backend, x, start * inPixels * inChannels, [count, inPixels, inChannels], (w) =>
    transposed(backend, w, [2, 1, 0]),
  );
  const filter = withWindow(
    backend,
    dy,
    start * outPixels * outChannels,
    [count, outPixels, outChannels],
    (w) => transposed(backend, w, [1, 0, 2]),
  );
  const { top, bottom, left, right } = info.padInfo;
  const out = runOriginal(
    backend,
    Conv2D,
    {
      x: { ...images, shape: [inChannels, inHeight, inWidth, count] },
      filter: { ...filter, shape: [outHeight, outWidth, count, outChannels] },
    },
    {
      strides: 1,
      dilations: [info.strideHeight, info.strideWidth],
      dataFormat: 'NHWC',
      pad: [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
    },
  );
  release(backend, images);
  release(backend, filter);
  return out;
}

/** Adds part [inChannels, h >= height, w >= width, outChannels] to sum [height, width, inChannels, outChannels]. */
function accumulate(
  sum: Float32Array,
  part: Float32Array,
  partShape: readonly number[],
  info: Conv2DInfo,
): void {
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const [, partHeight, partWidth] = partShape as [number, number, number];
  let to = 0;
  for (let y = 0; y < filterHeight; y++) {
    for (let x = 0; x < filterWidth; x++) {
      for (let i = 0; i < inChannels; i++) {
        const from = ((i * partHeight + y) * partWidth + x) * outChannels;
        for (let o = 0; o < outChannels; o++, to++) sum[to] = sum[to]! + part[from + o]!;
      }
    }
  }
}

/** The gradient of a 1x1 filter: one matrix product of the pixels that the stride touches. */
function pointwiseGradient(backend: BackendWasm, x: Block, dy: Block, info: Conv2DInfo): Block {
  const { inChannels, outChannels } = info;
  const pixels = info.batchSize * info.outHeight * info.outWidth;
  const touched =
    info.outHeight === info.inHeight && info.outWidth === info.inWidth ? x : stridedPixels(backend, x, info);
  const product = batchMatMul({
    inputs: { a: reshaped(touched, [pixels, inChannels]), b: reshaped(dy, [pixels, outChannels]) },
    attrs: { transposeA: true, transposeB: false },
    backend,
  });
  if (touched !== x) release(backend, touched);
  return reshaped(product, [1, 1, inChannels, outChannels]);
}

/** Every pixel of x [n, ih, iw, c] on which a 1x1 filter lands: [n, oh, ow, c]. */
function stridedPixels(backend: BackendWasm, x: Block, info: Conv2DInfo): Block {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth } = info;
  const out = allocate(backend, [batchSize, outHeight, outWidth, inChannels]);
  const [source, target] = [values(backend, x), values(backend, out)];
  let to = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let y = 0; y < outHeight; y++) {
      for (let column = 0; column < outWidth; column++) {
        let from = ((n * inHeight + y * strideHeight) * inWidth + column * strideWidth) * inChannels;
        for (let i = 0; i < inChannels; i++) target[to++] = source[from++]!;
      }
    }
  }
  return out;
}

/**
 * Kernel Conv2DBackpropFilter.
 *   inputs x [n, ih, iw, inChannels], dy [n, oh, ow, outChannels], float32
 *   attrs  strides, pad, dimRoundingMode, dataFormat NHWC, filterShape [h, w, inChannels, outChannels]
 *   output dW of filterShape
 * @throws Error on NCHW, which tfjs's wasm convolutions do not take either
 */
export function conv2DBackpropFilter(args: {
  inputs: { x: Block; dy: Block };
  attrs: Conv2DBackpropFilterAttrs;
  backend: BackendWasm;
}): Block {
  const { inputs, attrs, backend } = args;
  const { x, dy } = inputs;
  const { strides, pad, dimRoundingMode, dataFormat, filterShape } = attrs;
  const layout = backend_util.convertConv2DDataFormat(dataFormat);
  if (layout !== 'channelsLast') {
    throw new Error(
      `The wasm backend trains convolutions in NHWC only, not ${dataFormat}: transpose the images first.`,
    );
  }
  const shape = x.shape as [number, number, number, number];
  const info = backend_util.computeConv2DInfo(
    shape,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    layout,
  );

  const { top, bottom, left, right } = info.padInfo;
  const isPointwise = info.filterHeight * info.filterWidth === 1 && top + bottom + left + right === 0;
  if (isPointwise && util.sizeFromShape(dy.shape) > 0) return pointwiseGradient(backend, x, dy, info);
  const sum = allocate(backend, filterShape);
  values(backend, sum).fill(0);
  if (util.sizeFromShape(dy.shape) === 0) return sum;
  const step = Math.max(1, Math.round(PANEL / (info.outHeight * info.outWidth)));
  for (let start = 0; start < info.batchSize; start += step) {
    const part = partialGradient(backend, x, dy, info, start, Math.min(step, info.batchSize - start));
    accumulate(values(backend, sum), values(backend, part), part.shape, info);
    release(backend, part);
  }
  return sum;
}
