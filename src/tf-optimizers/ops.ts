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
} from '@tensorflow/tfjs-core';
import { opsOf } from '../optim/ops.js';
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
  return {
    ...opsOf(
      {
        abs,
        add,
        cast,
        concat,
        div,
        greater,
        less,
        logicalAnd,
        logicalNot,
        logicalOr,
        matMul,
        maximum,
        mul,
        reshape,
        split,
        sqrt,
        square,
        sub,
        sum,
      },
      tensorOf,
    ),
    // Of a single part there is nothing to split or to join.
    split: (x, sizes) => (sizes.length === 1 ? [x] : split(x, [...sizes])),
    concat: (parts) => (parts.length === 1 ? parts[0]! : concat([...parts])),
  };
}
