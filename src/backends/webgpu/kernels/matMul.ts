/**
 * Products of two matrices along a long axis: the gradient of a dense layer's weights (x' dy), a small layer after many
 * values. tfjs gives too few threads to most of them, and adds with atomics in others, in an order that differs from
 * time to time. Here the long axis is cut into slices that are added in a fixed order. All others are tfjs's.
 */
import type { WebgpuBackend } from '../tfjsBackend.js';
import { isStarved, slicedTile, slicesOf, type ProductShape, type ProductTile } from '../tiles.js';
import {
  _FusedMatMul,
  BatchMatMul,
  util,
  type _FusedMatMulAttrs,
  type BatchMatMulAttrs,
  type TensorInfo,
} from '../../tfjs.js';
import { epilogue, type Epilogue } from './convolution.js';
import { line, runProduct, type Operand } from './product.js';
import { replace } from './register.js';
import { sumSlices } from './sumSlices.js';

type Transposed = Pick<BatchMatMulAttrs, 'transposeA' | 'transposeB'>;

/** A matrix [outer, inner], or where `isFlipped` [inner, outer]. The names are those of uniforms. */
function operand(tensor: TensorInfo, isFlipped: boolean, outer: string): Operand {
  const last = tensor.shape.at(-1)!;
  return {
    tensor,
    along: isFlipped ? 'outer' : 'inner',
    isVector: last % 4 === 0,
    outer: line(outer, isFlipped ? '1' : 'u.inner'),
    inner: line('u.inner', isFlipped ? outer : '1'),
    bounds: [1, 1],
  };
}

/** The product's shape, without leading axes. */
function shapeOf(a: TensorInfo, b: TensorInfo, { transposeA, transposeB }: Transposed): ProductShape {
  const [inner, rows] = transposeA ? [a.shape.at(-2)!, a.shape.at(-1)!] : [a.shape.at(-1)!, a.shape.at(-2)!];
  return { rows, inner, cols: transposeB ? b.shape.at(-2)! : b.shape.at(-1)! };
}

/** a b, each transposed where wanted, with bias and ReLU where wanted. Leading axes of a and b have length 1. */
export function longProduct(
  backend: WebgpuBackend,
  a: TensorInfo,
  b: TensorInfo,
  attrs: Transposed & Epilogue,
  forced?: ProductTile,
): TensorInfo {
  const shape = shapeOf(a, b, attrs);
  const { rows, cols, inner } = shape;
  const tile = forced ?? slicedTile(shape);
  const { count, length } = slicesOf(shape, tile);
  const leading = (a.shape.length > b.shape.length ? a : b).shape.slice(0, -2);
  const output = [...leading, rows, cols];
  const last = epilogue(attrs);
  const product = runProduct(backend, {
    name: 'longProduct',
    a: operand(a, attrs.transposeA, 'u.rows'),
    b: operand(b, !attrs.transposeB, 'u.cols'),
    parts: count,
    rows,
    cols,
    range: 'return vec2<i32>(part * u.slice, min((part + 1) * u.slice, u.inner));',
    place: 'return select((part * u.rows + row) * u.cols, -1, row >= u.rows);',
    ...(count === 1 ? last : {}),
    uniforms: { rows: { i32: rows }, cols: { i32: cols }, inner: { i32: inner }, slice: { i32: length } },
    output: count === 1 ? output : [count, rows, cols],
    tile,
  });
  if (count === 1) return product;
  return sumSlices(backend, { slices: product, count, shape: output, cols, ...last });
}

function isOurs(a: TensorInfo, b: TensorInfo, attrs: Transposed): boolean {
  const isMatrix = ({ shape }: TensorInfo) => util.sizeFromShape(shape.slice(0, -2)) === 1;
  const isSound = a.dtype === 'float32' && b.dtype === 'float32' && isMatrix(a) && isMatrix(b);
  if (!isSound) return false;
  const shape = shapeOf(a, b, attrs);
  const isEqual = shape.inner === (attrs.transposeB ? b.shape.at(-1) : b.shape.at(-2));
  return isEqual && shape.rows > 0 && shape.cols > 0 && isStarved(shape);
}

export function registerMatMul(): void {
  replace<{ a: TensorInfo; b: TensorInfo }, BatchMatMulAttrs>(
    BatchMatMul,
    ({ inputs: { a, b }, attrs, backend }, original) =>
      isOurs(a, b, attrs) ? longProduct(backend, a, b, { ...attrs, activation: 'linear' }) : original(),
  );
  replace<Record<'a' | 'b' | 'bias' | 'preluActivationWeights', TensorInfo>, _FusedMatMulAttrs>(
    _FusedMatMul,
    ({ inputs, attrs, backend }, original) => {
      const { a, b, bias, preluActivationWeights } = inputs as Partial<typeof inputs>;
      const { activation } = attrs;
      const { cols } = shapeOf(a!, b!, attrs);
      const isOurOwn =
        preluActivationWeights === undefined &&
        (activation === 'linear' || activation === 'relu') &&
        (bias == null || (bias.dtype === 'float32' && util.sizeFromShape(bias.shape) === cols)) &&
        isOurs(a!, b!, attrs);
      return isOurOwn ? longProduct(backend, a!, b!, { ...attrs, bias, activation }) : original();
    },
  );
}
