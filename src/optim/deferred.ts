/**
 * An optimizer's step whose numbers come as a tensor, so that it can be recorded once and repeated: a number would be
 * recorded as the constant that it was. It is the chain of adam.ts and sgd.ts, to the bit.
 */
import { dispose, unstack, type Scalar, type Tensor1D } from '../backends/tfjs.js';
import { familyOf } from '../experiment/placement.js';
import type { StepInfo } from './optimizer.js';
import { decaysTheta, stepScalars, type OptimizerRule, type Rates, type StepScalars } from './scalars.js';
import type { StepFactors } from './transforms.js';

type Names = readonly (keyof StepScalars)[];

const adam = ({ epsForm }: OptimizerRule): Names => [
  'stepSize',
  'bias1',
  'bias2',
  ...(epsForm === 'torch7' ? (['epsilon'] as const) : []),
];
const sgd = ({ momentumForm }: OptimizerRule): Names => [
  momentumForm === 'paper' ? 'gradientScale' : 'momentumScale',
];

/** The numbers of a step that an optimizer uses and that differ from step to step, in their order in the tensor. */
const changing = (rule: OptimizerRule): Names => [
  ...(familyOf(rule) === 'adam' ? adam(rule) : sgd(rule)),
  ...(decaysTheta(rule) ? (['decay'] as const) : []),
];

/** What the step at `at` needs besides constants. */
export function changingNumbers(rule: OptimizerRule, rates: Rates, at: StepInfo): Float32Array {
  const s = stepScalars(rule, rates, at);
  return Float32Array.from(changing(rule), (name) => s[name]);
}

/** Runs `compute` with the step's numbers, of which those that change come from the tensor `numbers`. */
export function withFactors<T>(
  rule: OptimizerRule,
  rates: Rates,
  numbers: Tensor1D,
  compute: (s: StepFactors) => T,
): T {
  // The other numbers are the same in every step.
  const constants = stepScalars(rule, rates, { t: 1, eta: 1, cycleSteps: 1 });
  const scalars = unstack(numbers) as Scalar[];
  const changed = Object.fromEntries(changing(rule).map((name, i) => [name, scalars[i]!]));
  const out = compute({ ...constants, ...changed });
  dispose(scalars);
  return out;
}
