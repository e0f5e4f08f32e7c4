/**
 * Arithmetic on vectors, element by element, as data: what a backend can compile into one kernel. A rule of rules/ that
 * is run on it (optim/program.ts) gives such a program.
 */

/** An operand: the element of an input, one of the step's numbers, the value of an earlier instruction, or a constant. */
export type Source =
  | { readonly input: number }
  | { readonly number: number }
  | { readonly value: number }
  | { readonly constant: number };

/** The operations, as rules/ops.ts defines them. */
export type Operation = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'sqrt' | 'square' | 'abs' | 'sign' | 'agree';

export interface Instruction {
  readonly operation: Operation;
  readonly of: readonly Source[];
}

export interface Program {
  /** How many vectors it reads. */
  readonly inputs: number;
  /** Each instruction's value is named by its place. */
  readonly instructions: readonly Instruction[];
  /** What it writes, one vector each. */
  readonly outputs: readonly Source[];
}
