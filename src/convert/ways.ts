/** How the number of a decay gets from one optimizer to another and back, and what comes near where it cannot. */
import {
  dependsOnCycle,
  etaPower,
  formulaOf,
  needs,
  rescaled,
  type Convention,
  type Quantities,
} from './conventions.js';
import { ConvertError } from './errors.js';
import { exactly } from './exact.js';
import type { LibraryOptimizer } from './libraries/index.js';
import type { None } from './none.js';
import { decayOf, type Run, type RunFacts } from './run.js';
import { conventionOf, strength, unitsOf, type Setting } from './setting.js';
import { asTarget } from './target.js';

/** What comes near where nothing is equal. */
export interface Instead {
  /** wd at eta = 1, and the power of eta_t that it must be multiplied by in each step to be equal. */
  readonly scheduled: { readonly wd: number; readonly power: number } | null;
  /** A constant with the same total decay; null without a length. */
  readonly sameTotal: number | null;
}

export interface Ways {
  readonly forth: (value: number) => number;
  readonly back: (value: number) => number;
  readonly formula: string;
}

/** How the decay's number gets from one to the other and back. */
export function waysBetween(from: Setting, to: LibraryOptimizer, facts: RunFacts): Ways | None {
  const [a, b] = [conventionOf(from), conventionOf(asTarget(from, to))];
  const [unitFrom, unitTo] = [unitsOf(from.optimizer), unitsOf(to)];
  const inUnits = (formula: string) => {
    const [left, right] = formula.split(' = ') as [string, string];
    const source = unitFrom === 2 ? right.replace('wd', '2 l2') : right;
    if (unitTo === 1) return `${left} = ${source}`;
    return `l2' = ${source.startsWith('2 ') ? source.slice(2) : `${source} / 2`}`;
  };
  const scaled = (value: number, one: number, other: number) => (value * one) / other;
  if (a === undefined || b === undefined) {
    return {
      forth: (value) => scaled(value, unitFrom, unitTo),
      back: (value) => scaled(value, unitTo, unitFrom),
      formula: inUnits("wd' = wd"),
    };
  }
  const problem = problemBetween(a, b, facts);
  if (problem) return problem;
  const at = quantities(from, a, b, facts);
  return {
    forth: (value) => rescaled(value * unitFrom, a, b, at) / unitTo,
    back: (value) => rescaled(value * unitTo, b, a, at) / unitFrom,
    formula: inUnits(formulaOf(a, b)),
  };
}

/** Why two conventions cannot agree in this run, if so. */
export function problemBetween(a: Convention, b: Convention, facts: RunFacts): None | undefined {
  const powers = [etaPower(a), etaPower(b)] as const;
  if (powers[0] !== powers[1] && !facts.isFlat) {
    const how = ['is constant', 'follows the schedule', 'follows the square of the schedule'];
    return {
      kind: 'scheduled-against-constant',
      text: `One decay ${how[powers[0]]} and the other ${how[powers[1]]}: with this schedule no number makes them equal.`,
    };
  }
  if (dependsOnCycle(a) !== dependsOnCycle(b) && facts.cycleSteps === null) {
    return {
      kind: 'changing-cycles',
      text: 'Normalized decay is divided by the root of the steps of each restart cycle, and the cycles are not equally long.',
    };
  }
  return undefined;
}

/** @throws ConvertError if a number of steps is needed that nobody has given */
function quantities(from: Setting, a: Convention, b: Convention, facts: RunFacts): Quantities {
  const { steps, stepsPerEpoch } = needs(a, b);
  if ((steps || stepsPerEpoch) && Number.isNaN(facts.stepsPerEpoch)) {
    throw new ConvertError(
      'This conversion depends on the number of steps.',
      'convert-run',
      'Add --epochs, --batch and --images, for example --epochs 100 --batch 128 --images 50000.',
    );
  }
  return { lr: from.values.lr!, steps: facts.cycleSteps ?? NaN, stepsPerEpoch: facts.stepsPerEpoch };
}

/** Two numbers to go on with where nothing is equal. */
export function insteadOf(from: Setting, to: LibraryOptimizer, run: Run, facts: RunFacts): Instead | null {
  const [a, b] = [conventionOf(from), conventionOf(asTarget(from, to))];
  if (a === undefined || b === undefined) return null;
  const at = quantities(from, a, b, facts);
  const wd = strength(from);
  const scheduled =
    dependsOnCycle(a) !== dependsOnCycle(b) && facts.cycleSteps === null
      ? null
      : { wd: exactRescaled(wd, a, b, at), power: etaPower(a) - etaPower(b) };
  return { scheduled, sameTotal: sameTotal({ lr: at.lr, wd }, a, b, run) };
}

/** `rescaled`, with the number that people would write. */
export const exactRescaled = (wd: number, a: Convention, b: Convention, at: Quantities): number =>
  exactly(
    (value) => rescaled(value, a, b, at),
    (value) => rescaled(value, b, a, at),
    wd,
  );

/** wd of `b` with the total decay of `a`. */
export function sameTotal(
  rates: { readonly lr: number; readonly wd: number },
  a: Convention,
  b: Convention,
  run: Run,
): number | null {
  const total = decayOf(a, rates, run)?.total;
  const unit = decayOf(b, { lr: rates.lr, wd: 1 }, run)?.total;
  return total === undefined || unit === undefined ? null : total / unit;
}
