/** An optimizer's step as a program (backends/program.ts): the chain of its rule, run once on names instead of numbers. */
import type { Instruction, Operation, Program, Source } from '../backends/program.js';
import type { Operand, Ops } from '../rules/ops.js';
import type { Transform } from '../rules/transforms.js';

/** Thrown within: the rule computes with more than an element at a time. */
class NotElementwise extends Error {}

const source = (x: Operand<Source>): Source => (typeof x === 'number' ? { constant: x } : x);

/** Operations that write themselves down. */
function writing(instructions: Instruction[]): Ops<Source> {
  const write = (operation: Operation, ...of: Operand<Source>[]): Source => {
    instructions.push({ operation, of: of.map(source) });
    return { value: instructions.length - 1 };
  };
  const refuse = (): never => {
    throw new NotElementwise();
  };
  return {
    add: (a, b) => write('add', a, b),
    sub: (a, b) => write('sub', a, b),
    mul: (a, b) => write('mul', a, b),
    div: (a, b) => write('div', a, b),
    max: (a, b) => write('max', a, b),
    sqrt: (x) => write('sqrt', x),
    square: (x) => write('square', x),
    abs: (x) => write('abs', x),
    sign: (x) => write('sign', x),
    agree: (x, y) => write('agree', x, y),
    split: refuse,
    concat: refuse,
    reshape: refuse,
    matMul: refuse,
    norm: refuse,
  };
}

/** The names of a chain's numbers, in their order in the tensor of a step. */
export const numbersOf = (links: Transform): string[] =>
  Object.keys(links.numbers({ t: 1, stepSize: 1, decay: 1 }));

/**
 * The program of theta - chain(gradient) and of the new slots. Its inputs are theta, gradient, the slots, and the mask
 * where there is one; its numbers are the chain's, in their order.
 * @returns undefined where an element of the result needs more than the same element of the inputs (Muon)
 */
export function programOf(links: Transform, hasMask: boolean): Program | undefined {
  const instructions: Instruction[] = [];
  const ops = writing(instructions);
  const [theta, gradient]: [Source, Source] = [{ input: 0 }, { input: 1 }];
  const slots = links.slots.map((_, i): Source => ({ input: 2 + i }));
  const mask: Source | undefined = hasMask ? { input: 2 + slots.length } : undefined;
  const s = Object.fromEntries(numbersOf(links).map((name, i): [string, Source] => [name, { number: i }]));
  try {
    const out = links.apply<Source>(gradient, { ops, theta, mask, slots, s });
    const next = ops.sub(theta, out.update);
    return { inputs: 2 + slots.length + (hasMask ? 1 : 0), instructions, outputs: [next, ...out.slots] };
  } catch (error) {
    if (error instanceof NotElementwise) return undefined;
    throw error;
  }
}
