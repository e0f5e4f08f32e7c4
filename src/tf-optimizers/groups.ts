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
const LARGEST_JOINED = 2 ** 12;
/** The most numbers of a joined vector: tfjs's wasm backend copies all of it for each piece that it splits off. */
const LARGEST_GROUP = 2 ** 14;

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
  const together = packed(joined).map((variables) => ({ variables, decays, layout: [[sizeOf(variables)]] }));
  return [...together, ...alone];
}

const sizeOf = (variables: readonly Variable[]): number => variables.reduce((sum, { size }) => sum + size, 0);

/** Runs of variables, each as long as a group may be. */
function packed(variables: readonly Variable[]): Variable[][] {
  const groups: Variable[][] = [];
  for (const variable of variables) {
    const last = groups.at(-1);
    if (last !== undefined && sizeOf(last) + variable.size <= LARGEST_GROUP) last.push(variable);
    else groups.push([variable]);
  }
  return groups;
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
