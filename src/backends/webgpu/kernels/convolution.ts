/**
 * Convolutions as matrix products (product.ts), NHWC. With x [b, h, w, c], filter [kh, kw, c, k] and y [b, oh, ow, k]:
 *
 *   y         pixels of y x taps  times  taps x k            taps: kh kw c
 *   d filter  taps x pixels of y  times  pixels of y x k     the inner axis is long: in slices, then added up
 *   d x       pixels of x x taps  times  taps x c            taps: kh kw k
 *
 * tfjs's filter gradient has one thread for each weight, its input gradient one for each value or four; its convolution
 * computes 32 channels at a time where there are fewer too.
 */
import type { WebgpuBackend } from '../tfjsBackend.js';
import { productTile, slicedTile, slicesOf, type ProductTile } from '../tiles.js';
import {
  backend_util,
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  FusedConv2D,
  util,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropInputAttrs,
  type Conv2DInfo,
  type FusedConv2DAttrs,
  type TensorInfo,
} from '../../tfjs.js';
import { line, runProduct, type Operand } from './product.js';
import { replace } from './register.js';
import { sumSlices } from './sumSlices.js';

/** The numbers of a convolution, by the names that the code calls them. */
function constants(info: Conv2DInfo) {
  const { inHeight: H, inWidth: W, inChannels: C, outHeight: OH, outWidth: OW, outChannels: K } = info;
  const { filterHeight: KH, filterWidth: KW, strideHeight: SH, strideWidth: SW, batchSize: B } = info;
  return { B, H, W, C, OH, OW, K, KH, KW, SH, SW, top: info.padInfo.top, left: info.padInfo.left };
}

/** Pixels of y and taps in x: where they meet, a value of x. The pixels are all of a batch of `u.batch`. */
function pixelsAndTaps(info: Conv2DInfo): { pixel: string; tap: string; bounds: [number, number] } {
  const { H, W, C, OH, OW, KH, KW, SH, SW, top, left } = constants(info);
  return {
    pixel: `
  let p = u32(at);
  let row = i32(p / ${OW}u % ${OH}u) * ${SH} - ${top};
  let col = i32(p % ${OW}u) * ${SW} - ${left};
  let offset = ((i32(p / ${OH * OW}u) * ${H} + row) * ${W} + col) * ${C};
  return select(vec3<i32>(offset, row, col), nowhere, at >= u.batch * ${OH * OW});`,
    tap: `
  let t = u32(at);
  let row = i32(t / ${KW * C}u);
  let col = i32(t / ${C}u % ${KW}u);
  let offset = (row * ${W} + col) * ${C} + i32(t % ${C}u);
  return select(vec3<i32>(offset, row, col), nowhere, at >= ${KH * KW * C});`,
    bounds: [H, W],
  };
}

const inFours = (n: number): boolean => n % 4 === 0;

/** The gradient by the filter. */
export function filterGradient(
  backend: WebgpuBackend,
  x: TensorInfo,
  dy: TensorInfo,
  info: Conv2DInfo,
  forced?: ProductTile,
): TensorInfo {
  const { B, C, OH, OW, K, KH, KW } = constants(info);
  const { pixel, tap, bounds } = pixelsAndTaps(info);
  const shape = { rows: KH * KW * C, cols: K, inner: B * OH * OW };
  const tile = forced ?? slicedTile(shape);
  const { count, length } = slicesOf(shape, tile);
  const product = runProduct(backend, {
    name: 'filterGradient',
    a: { tensor: x, along: 'outer', isVector: inFours(C), outer: tap, inner: pixel, bounds },
    b: {
      tensor: dy,
      along: 'outer',
      isVector: inFours(K),
      outer: line(K, 1),
      inner: line(`u.batch * ${OH * OW}`, K),
      bounds: [1, 1],
    },
    parts: count,
    rows: shape.rows,
    cols: K,
    range: `return vec2<i32>(part * u.slice, min((part + 1) * u.slice, u.batch * ${OH * OW}));`,
    place: `return select((part * ${shape.rows} + row) * ${K}, -1, row >= ${shape.rows});`,
    uniforms: { batch: { i32: B }, slice: { i32: length } },
    output: count === 1 ? info.filterShape : [count, shape.rows, K],
    tile,
  });
  if (count === 1) return product;
  return sumSlices(backend, { slices: product, count, shape: info.filterShape, cols: K });
}

/**
 * The gradient by the input. With a stride, a pixel of x meets only some of the taps: those of its remainder by the
 * stride. The pixels of one remainder make one of the products that run side by side.
 */
export function inputGradient(
  backend: WebgpuBackend,
  dy: TensorInfo,
  filter: TensorInfo,
  info: Conv2DInfo,
  forced?: ProductTile,
): TensorInfo {
  const { B, H, W, C, OH, OW, K, KH, KW, SH, SW, top, left } = constants(info);
  const parts = SH * SW;
  const rows = B * Math.ceil(H / SH) * Math.ceil(W / SW);
  const shape = { rows, cols: C, inner: Math.ceil((KH * KW) / parts) * K };
  // The part's remainders; its pixels; its first tap; how many taps it has.
  const part = `
  let py = part / ${SW};
  let px = part % ${SW};`;
  const pixels = `${part}
  let height = (${H - 1 + SH} - py) / ${SH};
  let width = (${W - 1 + SW} - px) / ${SW};`;
  const taps = `${part}
  let ky = (py + ${top}) % ${SH};
  let kx = (px + ${left}) % ${SW};
  let down = (${KH - 1 + SH} - ky) / ${SH};
  let across = (${KW - 1 + SW} - kx) / ${SW};`;
  const tap = (offset: string, row: string, col: string): string => `${taps}
  let channel = at % ${K};
  let ty = at / ${K} / max(across, 1);
  let tx = at / ${K} % max(across, 1);
  return select(vec3<i32>(${offset}, ${row}, ${col}), nowhere, at >= down * across * ${K});`;
  return runProduct(backend, {
    name: 'inputGradient',
    a: {
      tensor: dy,
      along: 'inner',
      isVector: inFours(K),
      outer: `${pixels}
  let row = at / width % height + (py + ${top}) / ${SH};
  let col = at % width + (px + ${left}) / ${SW};
  let offset = ((at / (width * height) * ${OH} + row) * ${OW} + col) * ${K};
  return select(vec3<i32>(offset, row, col), nowhere, at >= u.batch * height * width);`,
      inner: tap(`channel - (ty * ${OW} + tx) * ${K}`, '-ty', '-tx'),
      bounds: [OH, OW],
    },
    b: {
      tensor: filter,
      along: 'inner',
      isVector: inFours(K),
      outer: line(C, K),
      inner: tap(`((ky + ${SH} * ty) * ${KW} + kx + ${SW} * tx) * ${C * K} + channel`, '0', '0'),
      bounds: [1, 1],
    },
    parts,
    rows,
    cols: C,
    range: `${taps}
  return vec2<i32>(0, down * across * ${K});`,
    place: `${pixels}
  let down = row / width % height * ${SH} + py;
  let at = ((row / (width * height) * ${H} + down) * ${W} + row % width * ${SW} + px) * ${C};
  return select(at, -1, row >= u.batch * height * width);`,
    uniforms: { batch: { i32: B } },
    output: info.inShape,
    tile: forced ?? productTile(shape, parts),
  });
}

type Activation = 'linear' | 'relu';

export interface Epilogue {
  readonly bias?: TensorInfo | undefined;
  readonly activation: Activation;
}

/** WGSL: bias and ReLU. NaN stays NaN. */
export function epilogue({ bias, activation }: Epilogue) {
  const sum = bias ? 'value + bias[col]' : 'value';
  return {
    finish: activation === 'relu' ? `let sum = ${sum}; return select(sum, 0f, sum < 0f);` : `return ${sum};`,
    inputs: bias ? [{ name: 'bias', tensor: bias }] : [],
  };
}

/** The convolution, with bias and ReLU where wanted. */
export function convolution(
  backend: WebgpuBackend,
  x: TensorInfo,
  filter: TensorInfo,
  info: Conv2DInfo,
  after: Epilogue = { activation: 'linear' },
  forced?: ProductTile,
): TensorInfo {
  const { B, C, OH, OW, K, KH, KW } = constants(info);
  const { pixel, tap, bounds } = pixelsAndTaps(info);
  const shape = { rows: B * OH * OW, cols: K, inner: KH * KW * C };
  const b: Operand = {
    tensor: filter,
    along: 'outer',
    isVector: inFours(K),
    outer: line(K, 1),
    inner: line(shape.inner, K),
    bounds: [1, 1],
  };
  return runProduct(backend, {
    name: 'convolution',
    a: { tensor: x, along: 'inner', isVector: inFours(C), outer: pixel, inner: tap, bounds },
    b,
    parts: 1,
    rows: shape.rows,
    cols: K,
    range: `return vec2<i32>(0, ${shape.inner});`,
    place: `return select(row * ${K}, -1, row >= u.batch * ${OH * OW});`,
    ...epilogue(after),
    uniforms: { batch: { i32: B } },
    output: info.outShape,
    tile: forced ?? productTile(shape, 1),
  });
}

/** Whether our kernels know a convolution: NHWC, not dilated, float32, nothing empty. */
function isKnown(info: Conv2DInfo, tensors: readonly TensorInfo[]): boolean {
  return (
    info.dataFormat === 'channelsLast' &&
    info.dilationHeight === 1 &&
    info.dilationWidth === 1 &&
    [...info.inShape, ...info.outShape, ...info.filterShape].every((n) => n > 0) &&
    tensors.every(({ dtype }) => dtype === 'float32')
  );
}

/** Whether dy is of the convolution's output; tfjs's transposed convolution may ask for the gradient of another one. */
const isGradientOf = ({ outShape }: Conv2DInfo, dy: TensorInfo): boolean =>
  util.arraysEqual(outShape, dy.shape);

/**
 * Where our convolution takes the place of tfjs's. That one computes blocks of 32 x 32: half of them for nothing where
 * there are 16 channels. Where it has few blocks it takes other ways, and one of these adds with atomics, in an order
 * that differs from time to time; so it may where the output is a single pixel.
 */
function isOurs({ batchSize, outHeight, outWidth, outChannels }: Conv2DInfo): boolean {
  const blocks = batchSize * Math.ceil((outHeight * outWidth) / 32) * Math.ceil(outChannels / 32);
  return outChannels <= 16 || blocks <= 32 || outHeight * outWidth === 1;
}

type ConvAttrs = Pick<FusedConv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dilations'> &
  Partial<Pick<FusedConv2DAttrs, 'dimRoundingMode'>>;

function infoOf(
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dataFormat, dilations, dimRoundingMode }: ConvAttrs,
): Conv2DInfo {
  return backend_util.computeConv2DInfo(
    xShape as Conv2DInfo['inShape'],
    filterShape as Conv2DInfo['filterShape'],
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    backend_util.convertConv2DDataFormat(dataFormat),
  );
}

export function registerConvolutions(): void {
  replace<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs>(
    Conv2DBackpropFilter,
    ({ inputs: { x, dy }, attrs, backend }, original) => {
      const info = infoOf(x.shape, attrs.filterShape, { ...attrs, dilations: 1 });
      const isOurOwn = isKnown(info, [x, dy]) && isGradientOf(info, dy);
      return isOurOwn ? filterGradient(backend, x, dy, info) : original();
    },
  );
  replace<{ dy: TensorInfo; filter: TensorInfo }, Conv2DBackpropInputAttrs>(
    Conv2DBackpropInput,
    ({ inputs: { dy, filter }, attrs, backend }, original) => {
      const info = infoOf(attrs.inputShape, filter.shape, { ...attrs, dilations: 1 });
      const isOurOwn = isKnown(info, [dy, filter]) && isGradientOf(info, dy);
      return isOurOwn ? inputGradient(backend, dy, filter, info) : original();
    },
  );
  replace<{ x: TensorInfo; filter: TensorInfo }, ConvAttrs>(
    Conv2D,
    ({ inputs: { x, filter }, attrs, backend }, original) => {
      const info = infoOf(x.shape, filter.shape, attrs);
      return isKnown(info, [x, filter]) && isOurs(info) ? convolution(backend, x, filter, info) : original();
    },
  );
  replace<Record<'x' | 'filter' | 'bias' | 'preluActivationWeights', TensorInfo>, FusedConv2DAttrs>(
    FusedConv2D,
    ({ inputs, attrs, backend }, original) => {
      const { x, filter, bias, preluActivationWeights } = inputs as Partial<typeof inputs>;
      const info = infoOf(x!.shape, filter!.shape, attrs);
      const { activation } = attrs;
      const isOurOwn =
        preluActivationWeights === undefined &&
        (activation === 'linear' || activation === 'relu') &&
        (bias == null || util.sizeFromShape(bias.shape) === info.outChannels) &&
        isKnown(info, [x!, filter!, ...(bias ? [bias] : [])]) &&
        isOurs(info);
      return isOurOwn ? convolution(backend, x!, filter!, info, { bias, activation }) : original();
    },
  );
}
