/**
 * Variables that take their steps together. A step has some fifteen operations, and in tfjs an operation on a small tensor
 * costs as much as on one of thousands of numbers. So small variables are joined into one vector, and the operations are
 * paid once.
 */
import {
  concat,
  reshape,
  split,
  type Rank,
  type Tensor,
  type Tensor1D,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { Layout } from '../rules/rule.js';

/** Larger variables go alone: to copy them into one vector costs more than the operations that it saves. */
const LARGEST_JOINED = 2 ** 16;

/** Variables in the order of their joined vector. */
export interface Arranged {
  readonly variables: readonly Variable[];
  /** Whether they decay. */
  readonly decays: boolean;
  /** As a rule wants it that steps matrices. */
  readonly layout: Layout;
}

/**
 * Parts variables into groups; their order stays.
 *
 * @param isMatrix those that the rule takes as matrices: each goes alone
 */
export function arrange(
  variables: readonly Variable[],
  isMatrix: (variable: Variable) => boolean,
  decays: boolean,
): Arranged[] {
  const isAlone = (variable: Variable): boolean => variable.size > LARGEST_JOINED || isMatrix(variable);
  const joined = variables.filter((variable) => !isAlone(variable));
  const alone = variables.filter(isAlone).map((variable) => ({
    variables: [variable],
    decays,
    layout: [isMatrix(variable) ? variable.shape : [variable.size]],
  }));
  if (joined.length === 0) return alone;
  const size = joined.reduce((sum, variable) => sum + variable.size, 0);
  return [{ variables: joined, decays, layout: [[size]] }, ...alone];
}

/** Tensors of several variables as one vector. */
export function join(tensors: readonly Tensor[]): Tensor1D {
  const flat = tensors.map((tensor) => reshape<Rank.R1>(tensor, [-1]));
  return flat.length === 1 ? flat[0]! : concat(flat);
}

/** The other way: tensors of these shapes. */
export function separate(joined: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
  const sizes = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
  const pieces = shapes.length === 1 ? [joined] : split(joined, sizes);
  return pieces.map((piece, i) => reshape(piece, [...shapes[i]!]));
}
