/**
 * The arithmetic of rules (rules/ops.ts) made of tfjs's operations, whichever way a program has loaded them: this file
 * loads no tfjs, so that it can be bundled for browsers.
 */
import type * as Core from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Operand, Ops } from '../rules/ops.js';

/** The operations that the arithmetic is made of. */
export type CoreOperations = Pick<
  typeof Core,
  | 'abs'
  | 'add'
  | 'cast'
  | 'concat'
  | 'div'
  | 'greater'
  | 'less'
  | 'logicalAnd'
  | 'logicalNot'
  | 'logicalOr'
  | 'matMul'
  | 'maximum'
  | 'mul'
  | 'reshape'
  | 'split'
  | 'sqrt'
  | 'square'
  | 'sub'
  | 'sum'
>;

/** @param operand what an operation is given for a number; tfjs makes a tensor of each number itself, every time */
export function opsOf(
  core: CoreOperations,
  operand: (x: Operand<Tensor>) => Operand<Tensor> = (x) => x,
): Ops<Tensor> {
  const { cast, greater, less, logicalAnd, logicalNot, logicalOr } = core;
  const floats = (x: Tensor): Tensor => cast(x, 'float32');
  const isAbove = (x: Tensor): Tensor => greater(x, operand(0));
  const isBelow = (x: Tensor): Tensor => less(x, operand(0));
  return {
    add: (a, b) => core.add(operand(a), operand(b)),
    sub: (a, b) => core.sub(operand(a), operand(b)),
    mul: (a, b) => core.mul(operand(a), operand(b)),
    div: (a, b) => core.div(operand(a), operand(b)),
    max: (a, b) => core.maximum(operand(a), operand(b)),
    sqrt: (x) => core.sqrt(x),
    square: (x) => core.square(x),
    abs: (x) => core.abs(x),
    // tfjs's own would not do: on wasm it calls small numbers 0.
    sign: (x) => core.sub(floats(isAbove(x)), floats(isBelow(x))),
    // The signs are compared, since the product of two small numbers rounds to 0.
    agree: (x, y) =>
      floats(logicalNot(logicalOr(logicalAnd(isAbove(x), isBelow(y)), logicalAnd(isBelow(x), isAbove(y))))),
    split: (x, sizes) => core.split(x, [...sizes]),
    concat: (parts) => core.concat([...parts]),
    reshape: (x, shape) => core.reshape(x, [...shape]),
    matMul: (a, b, transposed) => core.matMul(a, b, transposed.a, transposed.b),
    norm: (x) => core.sqrt(core.sum(core.square(x))),
  };
}
