/** From an optimizer's specification to the pure function that takes its steps. */
import { zeros, type Tensor1D } from '../backends/tfjs.js';
import { settingOf } from '../experiment/optimizerSettings.js';
import { familyOf, placementOf, placementProblem } from '../experiment/placement.js';
import { ruleOf } from '../rules/index.js';
import { placesOf } from '../rules/placements.js';
import type { Layout } from '../rules/rule.js';
import type { Settings, ValuesOf } from '../rules/settings.js';
import type { Transform } from '../rules/transforms.js';
import { applyRecorded } from './deferred.js';
import { canFuse, fusedStep } from './fused.js';
import type { Optimizer, StepInfo } from './optimizer.js';
import { positionOf, stepScalars, type OptimizerSettings, type Rates } from './scalars.js';
import { applyChain } from './tensors.js';

export { makeSchedule } from './schedule.js';
export type { ScheduleFunction, ScheduleShape } from './schedule.js';
export type { OptimizerRule, OptimizerSettings } from './scalars.js';
export type { Optimizer, StepInfo, Updated } from './optimizer.js';
export type { Layout } from '../rules/rule.js';

export interface OptimizerOptions extends Rates {
  /** Initial learning rate alpha, >= 0. */
  readonly lr: number;
  /** Weight decay lambda, >= 0. For decoupled decay, `convention` says what it is multiplied by. */
  readonly wd: number;
  /** [n]: 1 if a parameter decays, 0 if it does not. Absent: all decay. Stays the caller's to dispose. */
  readonly mask?: Tensor1D | undefined;
  /** The shapes of the tensors that theta consists of, in their order; what Muon needs. */
  readonly layout?: Layout | undefined;
}

/**
 * An optimizer over flat vectors [n]: a rule of rules/ by its name, with its settings and the decay at `placement`.
 * `adamw` and `sgdw` are `adam` and `sgd` with decoupled decay.
 *
 * `update` returns fresh tensors and leaks none; the caller disposes of the old theta, gradient and slots. It runs the
 * fused kernel if the backend has it, else the chain.
 *
 * @throws RangeError for an lr or wd that is negative or not finite, for a beta outside of [0, 1), for a placement that
 * the rule does not have, for decay where it is placed nowhere, for a missing layout or number of steps per epoch where
 * they are needed, and in `update` for vectors of unequal length.
 */
export function makeOptimizer(settings: OptimizerSettings, options: OptimizerOptions): Optimizer {
  const { mask } = options;
  checkOptions(settings, options);
  const links = linksOf(settings, options);
  const numbersAt = (at: StepInfo) => links.numbers(positionOf(settings, options, at));
  return {
    slots: links.slots,
    mask,
    init: (n) => links.slots.map((): Tensor1D => zeros([n])),
    update(theta, gradient, slots, at, reuse = false) {
      requireEqualLengths({ theta, gradient, ...named(links.slots, slots), ...(mask ? { mask } : {}) });
      const input = { theta, gradient, slots, mask };
      if (canFuse(settings))
        return fusedStep(settings, { ...input, reuse }, stepScalars(settings, options, at));
      return applyChain(links, input, numbersAt(at));
    },
    numbers: (at) => Float32Array.from(Object.values(numbersAt(at))),
    updateBy: (numbers, theta, gradient, slots) =>
      applyRecorded(links, { theta, gradient, slots, mask }, numbers),
  };
}

/** The names of the state vectors that an optimizer keeps, each of theta's length. */
export const slotsOf = (settings: OptimizerSettings): readonly string[] => linksOf(settings, { wd: 0 }).slots;

/** The chain of a rule with decay at its place. */
function linksOf(
  settings: OptimizerSettings,
  { wd, layout = [] }: Pick<OptimizerOptions, 'wd' | 'layout'>,
): Transform {
  const rule = ruleOf(familyOf(settings));
  // `ruleOf` has lost which rule it is, and with it the names of its settings.
  const own = settings as unknown as ValuesOf<Settings>;
  return rule.chain(own, placesOf(placementOf(settings), wd), layout);
}

/** @throws RangeError */
function checkOptions(
  settings: OptimizerSettings,
  { lr, wd, layout, stepsPerEpoch }: OptimizerOptions,
): void {
  const rule = ruleOf(familyOf(settings));
  requireRange('The learning rate lr', lr, Infinity);
  requireRange('The weight decay wd', wd, Infinity);
  for (const [key, { kind }] of Object.entries(rule.settings))
    if (kind === 'share' || kind === 'positiveShare')
      requireRange(key, settingOf(settings, key) as number, 1);
  requirePlacement(settings, wd);
  if (rule.needsLayout && layout === undefined)
    throw new RangeError(`${settings.name} needs the layout of theta: give it the shapes of the tensors.`);
  if (settings.convention === 'timescale' && stepsPerEpoch === undefined)
    throw new RangeError('The convention timescale needs stepsPerEpoch, the number of steps of an epoch.');
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

function requirePlacement(rule: OptimizerSettings, wd: number): void {
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
