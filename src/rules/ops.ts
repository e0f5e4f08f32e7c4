/**
 * The arithmetic that rules are written in. A rule knows no engine: `optim/` runs it on tensors, and a test in float64.
 */

/** A vector or a number. Engines also take a vector of one value where a number is meant. */
export type Operand<V> = V | number;

/** Operations on vectors V of one engine. None of them changes its arguments. */
export interface Ops<V> {
  add(a: Operand<V>, b: Operand<V>): V;
  sub(a: Operand<V>, b: Operand<V>): V;
  mul(a: Operand<V>, b: Operand<V>): V;
  div(a: Operand<V>, b: Operand<V>): V;
  /** The larger of the two, element by element. */
  max(a: Operand<V>, b: Operand<V>): V;
  sqrt(x: V): V;
  square(x: V): V;
  abs(x: V): V;
  /** -1, 0 or 1. */
  sign(x: V): V;
  /** 1 where x and y have one sign or one of them is 0, else 0. */
  agree(x: V, y: V): V;
  /** [n] -> vectors of these sizes, whose sum is n. */
  split(x: V, sizes: readonly number[]): V[];
  /** The inverse of `split`. */
  concat(parts: readonly V[]): V;
  /** The same values in another shape: `matMul` wants matrices, all else does not care. */
  reshape(x: V, shape: readonly number[]): V;
  /** The product of two matrices, each transposed first where its letter says so. */
  matMul(a: V, b: V, transposed: { readonly a?: boolean; readonly b?: boolean }): V;
  /** The root of the sum of all squares, as a vector of one value. */
  norm(x: V): V;
}
