/**
 * An optimizer's step whose numbers come as a tensor, so that it can be recorded once and repeated: a number would be
 * recorded as the constant that it was. It is the chain of the rule, to the bit.
 */
import { hasKernel, RunProgram, runKernel } from '../backends/kernels.js';
import type { Program } from '../backends/program.js';
import { dispose, unstack, type NamedAttrMap, type Scalar, type Tensor1D } from '../backends/tfjs.js';
import type { Transform } from '../rules/transforms.js';
import type { Updated } from './optimizer.js';
import { numbersOf, programOf } from './program.js';
import { applyChain, type StepInput } from './tensors.js';

/**
 * Takes a step by the numbers of the tensor `numbers`, which are those of the chain in their order: in one kernel where
 * the backend compiles programs and the rule is one.
 */
export function applyRecorded(links: Transform, input: StepInput, numbers: Tensor1D): Updated {
  const program = hasKernel(RunProgram) ? programOf(links, input.mask !== undefined) : undefined;
  return program ? runProgram(program, input, numbers) : applyUnstacked(links, input, numbers);
}

function runProgram(
  program: Program,
  { theta, gradient, slots, mask }: StepInput,
  numbers: Tensor1D,
): Updated {
  const vectors = [theta, gradient, ...slots, ...(mask ? [mask] : [])];
  const inputs = Object.fromEntries(vectors.map((vector, i) => [`x${i}`, vector]));
  const attrs = { program } as unknown as NamedAttrMap;
  const [next, ...nextSlots] = runKernel(RunProgram, { ...inputs, numbers }, attrs) as Tensor1D[];
  return { theta: next!, slots: nextSlots };
}

function applyUnstacked(links: Transform, input: StepInput, numbers: Tensor1D): Updated {
  const scalars = unstack(numbers) as Scalar[];
  const named = Object.fromEntries(numbersOf(links).map((name, i) => [name, scalars[i]!]));
  const out = applyChain(links, input, named);
  dispose(scalars);
  return out;
}
