/**
 * An optimizer's step whose numbers come as a tensor, so that it can be recorded once and repeated: a number would be
 * recorded as the constant that it was. It is the chain of the rule, to the bit.
 */
import { dispose, unstack, type Scalar, type Tensor1D } from '../backends/tfjs.js';
import type { Transform } from '../rules/transforms.js';
import type { Updated } from './optimizer.js';
import { applyChain, type StepInput } from './tensors.js';

/** The names of a chain's numbers, in their order in the tensor. */
const namesOf = (links: Transform): string[] => Object.keys(links.numbers({ t: 1, stepSize: 1, decay: 1 }));

/** Takes a step by the numbers of the tensor `numbers`, which are those of the chain in their order. */
export function applyRecorded(links: Transform, input: StepInput, numbers: Tensor1D): Updated {
  const scalars = unstack(numbers) as Scalar[];
  const named = Object.fromEntries(namesOf(links).map((name, i) => [name, scalars[i]!]));
  const out = applyChain(links, input, named);
  dispose(scalars);
  return out;
}
