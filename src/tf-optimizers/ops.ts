/** The arithmetic of src/rules on tensors of a tfjs program. */
import {
  abs,
  add,
  cast,
  concat,
  dispose,
  div,
  greater,
  keep,
  less,
  logicalAnd,
  logicalNot,
  logicalOr,
  matMul,
  maximum,
  mul,
  reshape,
  scalar,
  split,
  sqrt,
  square,
  sub,
  sum,
  type Scalar,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import type { Operand, Ops } from '../rules/ops.js';

/**
 * Runs `use` with the operations. tfjs makes a tensor of each number that it is given, every time. Here a number is one
 * tensor for the whole of `use`, whichever tidy it is used in.
 */
export function withOps<T>(use: (ops: Ops<Tensor>) => T): T {
  const scalars = new Map<number, Scalar>();
  try {
    return use(opsWith(scalars));
  } finally {
    dispose([...scalars.values()]);
  }
}

function opsWith(scalars: Map<number, Scalar>): Ops<Tensor> {
  const tensorOf = (x: Operand<Tensor>): Tensor => {
    if (typeof x !== 'number') return x;
    const made = scalars.get(x) ?? keep(scalar(x));
    scalars.set(x, made);
    return made;
  };
  const isBelow = (x: Tensor): Tensor => less(x, tensorOf(0));
  const isAbove = (x: Tensor): Tensor => greater(x, tensorOf(0));
  return {
    add: (a, b) => add(tensorOf(a), tensorOf(b)),
    sub: (a, b) => sub(tensorOf(a), tensorOf(b)),
    mul: (a, b) => mul(tensorOf(a), tensorOf(b)),
    div: (a, b) => div(tensorOf(a), tensorOf(b)),
    max: (a, b) => maximum(tensorOf(a), tensorOf(b)),
    sqrt: (x) => sqrt(x),
    square: (x) => square(x),
    abs: (x) => abs(x),
    // tfjs's own would not do: on wasm it calls small numbers 0.
    sign: (x) => sub(cast(isAbove(x), 'float32'), cast(isBelow(x), 'float32')),
    // The signs are compared, since the product of two small numbers rounds to 0.
    agree: (x, y) =>
      cast(
        logicalNot(logicalOr(logicalAnd(isAbove(x), isBelow(y)), logicalAnd(isBelow(x), isAbove(y)))),
        'float32',
      ),
    split: (x, sizes) => (sizes.length === 1 ? [x] : split(x, [...sizes])),
    concat: (parts) => (parts.length === 1 ? parts[0]! : concat([...parts])),
    reshape: (x, shape) => reshape(x, [...shape]),
    matMul: (a, b, transposed) => matMul(a as Tensor2D, b as Tensor2D, transposed.a, transposed.b),
    norm: (x) => sqrt(sum(square(x))),
  };
}
