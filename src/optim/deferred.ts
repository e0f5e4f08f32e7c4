/**
 * An optimizer's step whose numbers come as a tensor, so that it can be recorded once and repeated: a number would be
 * recorded as the constant that it was. It is the chain of adam.ts and sgd.ts, to the bit.
 */
import { dispose, unstack, type Scalar, type Tensor1D } from '@tensorflow/tfjs-core';
import type { StepInfo } from './optimizer.js';
import { isDecoupled, stepScalars, type OptimizerRule, type Rates, type StepScalars } from './scalars.js';
import type { StepFactors } from './transforms.js';

/** The numbers of a step that an optimizer uses and that change from step to step, in the order of `changingNumbers`. */
function changing({ name, epsForm, momentumForm }: OptimizerRule): (keyof StepScalars)[] {
  const isAdam = name === 'adam' || name === 'adamw';
  const own: (keyof StepScalars)[] = isAdam
    ? ['stepSize', 'bias1', 'bias2', ...(epsForm === 'paper' ? [] : ['epsilon' as const])]
    : [momentumForm === 'paper' ? 'gradientScale' : 'momentumScale'];
  return isDecoupled(name) ? [...own, 'decay'] : own;
}

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
