/**
 * Matrix products for training on the wasm backend.
 *
 * tfjs sends only products of two untransposed, unbatched matrices to XNNPACK (17 GFLOP/s a core). All others run in a
 * plain loop (0.7). A gradient is made of transposed products. So operands are transposed first here, which costs a
 * few percent, and batches are multiplied matrix by matrix.
 */
import { BatchMatMul, broadcast_util, Transpose, util, type BatchMatMulAttrs } from '../tfjs.js';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { allocate, release, reshaped, runOriginal, values, withWindow, type Block } from './heap.js';

/** The last two dimensions of a matrix operand, after its transposition. */
const matrixDims = (shape: readonly number[], transposed: boolean): [rows: number, cols: number] => {
  const [rows, cols] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [cols, rows] : [rows, cols];
};

/** `a` [batch, m, k] or its transpose as a stack of untransposed matrices; `owned` says whether it is a new block. */
function untransposed(
  backend: BackendWasm,
  a: Block,
  transposed: boolean,
): { block: Block; batch: number; owned: boolean } {
  const batch = util.sizeFromShape(a.shape.slice(0, -2));
  const stack = reshaped(a, [batch, a.shape.at(-2)!, a.shape.at(-1)!]);
  if (!transposed) return { block: stack, batch, owned: false };
  return { block: runOriginal(backend, Transpose, { x: stack }, { perm: [0, 2, 1] }), batch, owned: true };
}

/** out[i] = a[i] b[i] for stacks of matrices, each product by XNNPACK. */
function multiplyStacks(
  backend: BackendWasm,
  a: Block,
  b: Block,
  pairs: readonly (readonly [number, number])[],
): Block {
  const [m, k, n] = [a.shape[1]!, a.shape[2]!, b.shape[2]!];
  const attrs = { transposeA: false, transposeB: false };
  if (pairs.length === 1) return runOriginal(backend, BatchMatMul, { a, b }, attrs);
  const out = allocate(backend, [pairs.length, m, n]);
  pairs.forEach(([ia, ib], i) => {
    const product = withWindow(backend, a, ia * m * k, [1, m, k], (wa) =>
      withWindow(backend, b, ib * k * n, [1, k, n], (wb) =>
        runOriginal(backend, BatchMatMul, { a: wa, b: wb }, attrs),
      ),
    );
    values(backend, out).set(values(backend, product), i * m * n);
    release(backend, product);
  });
  return out;
}

/** For each output matrix, its matrix in either stack, when batch dimensions broadcast. */
function batchPairs(
  outer: readonly number[],
  outerA: readonly number[],
  outerB: readonly number[],
): [number, number][] {
  const pairs: [number, number][] = [];
  const strides = util.computeStrides([...outer, 1]);
  const indexOf = (flat: number, own: readonly number[]): number => {
    const skip = outer.length - own.length;
    return own.reduce((index, size, d) => {
      const position = Math.floor(flat / strides[d + skip]!) % outer[d + skip]!;
      return index * size + (size === 1 ? 0 : position);
    }, 0);
  };
  for (let i = 0; i < util.sizeFromShape([...outer]); i++)
    pairs.push([indexOf(i, outerA), indexOf(i, outerB)]);
  return pairs;
}

/**
 * Product of two stacks of matrices, each optionally transposed; leading dimensions broadcast.
 *   inputs a [..., m, k] (or [..., k, m]), b [..., k, n] (or [..., n, k]), float32
 *   output [..., m, n]
 * @throws Error on other dtypes and on inner dimensions that differ
 */
export function batchMatMul(args: {
  inputs: { a: Block; b: Block };
  attrs: BatchMatMulAttrs;
  backend: BackendWasm;
}): Block {
  const { backend, attrs } = args;
  const { a, b } = args.inputs;
  const { transposeA, transposeB } = attrs;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw new Error(
      `The wasm backend multiplies float32 matrices only, not ${a.dtype} by ${b.dtype}: cast them first.`,
    );
  }
  const [m, k] = matrixDims(a.shape, transposeA);
  const [kb, n] = matrixDims(b.shape, transposeB);
  util.assert(
    k === kb,
    () =>
      `Error in matMul: inner shapes (${k}) and (${kb}) of Tensors with shapes ${a.shape} and ${b.shape} must match.`,
  );
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const outer = broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const outShape = [...outer, m, n];
  if (util.sizeFromShape(outShape) === 0 || k === 0) {
    const empty = allocate(backend, outShape);
    values(backend, empty).fill(0);
    return empty;
  }
  const left = untransposed(backend, a, transposeA);
  const right = untransposed(backend, b, transposeB);
  const out = multiplyStacks(backend, left.block, right.block, batchPairs(outer, outerA, outerB));
  if (left.owned) release(backend, left.block);
  if (right.owned) release(backend, right.block);
  return { ...out, shape: outShape };
}
