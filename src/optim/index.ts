/** From an optimizer's specification to the pure function that takes its steps. */
import { zeros, type Tensor1D } from '../backends/tfjs.js';
import { familyOf, placementOf, placementProblem, type Family } from '../experiment/placement.js';
import { adam } from './adam.js';
import { changingNumbers, withFactors } from './deferred.js';
import { canFuse, fusedStep } from './fused.js';
import type { Optimizer } from './optimizer.js';
import { placesOf, type Places } from './placements.js';
import { stepScalars, type OptimizerRule, type Rates } from './scalars.js';
import { sgd } from './sgd.js';
import { applyChain, type Transform } from './transforms.js';

export { makeSchedule } from './schedule.js';
export type { ScheduleFunction, ScheduleShape } from './schedule.js';
export type { OptimizerRule } from './scalars.js';
export type { Optimizer, StepInfo, Updated } from './optimizer.js';

const RULES: Readonly<Record<Family, (rule: OptimizerRule, at: Places) => Transform>> = { adam, sgd };

export interface OptimizerOptions extends Rates {
  /** Initial learning rate alpha, >= 0. */
  readonly lr: number;
  /** Weight decay lambda, >= 0. For decoupled decay, `rule.convention` says what it is multiplied by. */
  readonly wd: number;
  /** [n]: 1 if a parameter decays, 0 if it does not. Absent: all decay. Stays the caller's to dispose. */
  readonly mask?: Tensor1D | undefined;
}

/**
 * An optimizer over flat vectors [n]: `adam`, `sgd` (L2), `adamw`, `sgdw` (decoupled), or `adam` and `sgd` with the
 * decay at `rule.placement`.
 *
 * `update` returns fresh tensors and leaks none; the caller disposes of the old theta, gradient and slots. It runs the
 * fused kernel if the backend has it, else the chain.
 *
 * @throws RangeError for an lr or wd that is negative or not finite, for a beta outside of [0, 1), for a placement that
 * the rule does not have, for decay where it is placed nowhere, and in `update` for vectors of unequal length.
 */
export function makeOptimizer(rule: OptimizerRule, options: OptimizerOptions): Optimizer {
  const { lr, wd, mask } = options;
  requireRange('The learning rate lr', lr, Infinity);
  requireRange('The weight decay wd', wd, Infinity);
  requireRange('beta1', rule.beta1, 1);
  requireRange('beta2', rule.beta2, 1);
  requirePlacement(rule, wd);
  const links = RULES[familyOf(rule)](rule, placesOf(placementOf(rule), mask));
  return {
    slots: links.slots,
    mask,
    init: (n) => links.slots.map((): Tensor1D => zeros([n])),
    update(theta, gradient, slots, at, reuse = false) {
      requireEqualLengths({ theta, gradient, ...named(links.slots, slots), ...(mask ? { mask } : {}) });
      const s = stepScalars(rule, { lr, wd }, at);
      if (canFuse(rule)) return fusedStep(rule, { theta, gradient, slots, mask, reuse }, s);
      return applyChain(links, theta, gradient, slots, s);
    },
    numbers: (at) => changingNumbers(rule, { lr, wd }, at),
    updateBy: (numbers, theta, gradient, slots) =>
      withFactors(rule, { lr, wd }, numbers, (s) => applyChain(links, theta, gradient, slots, s)),
  };
}

const named = (
  names: readonly string[],
  tensors: readonly Tensor1D[],
): Record<string, Tensor1D | undefined> => Object.fromEntries(names.map((name, i) => [name, tensors[i]]));

function requireRange(what: string, value: number, below: number): void {
  if (!(value >= 0 && value < below))
    throw new RangeError(
      `${what} is ${value}: it must be 0 or more and ${below === Infinity ? 'finite' : `below ${below}`}.`,
    );
}

function requirePlacement(rule: OptimizerRule, wd: number): void {
  const { name, placement } = rule;
  const problem = placementProblem(rule);
  if (problem !== undefined)
    throw new RangeError(`The placement ${placement} ${problem.message}: ${problem.hint}.`);
  if (placement === 'none' && wd !== 0)
    throw new RangeError(
      `wd is ${wd}, and the placement of ${name} is none: use wd 0, or another placement.`,
    );
}

/** A vector of length 1 would be broadcast in silence. */
function requireEqualLengths(vectors: Record<string, Tensor1D | undefined>): void {
  const n = vectors['theta']!.size;
  for (const [name, vector] of Object.entries(vectors)) {
    if (vector?.size !== n)
      throw new RangeError(
        `${name} has ${vector?.size ?? 'no'} elements and theta ${n}: an optimizer's vectors must be equally long.`,
      );
  }
}
