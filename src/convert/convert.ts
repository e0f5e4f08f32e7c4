/** From a setting in one library to the equal one in another, or why there is none. */
import type { DecayTimescale } from '../optim/timescale.js';
import { rescaled } from './conventions.js';
import { exactly } from './exact.js';
import type { Named, Values } from './libraries/index.js';
import type { None } from './none.js';
import { carry, differencesOf, unusual } from './rest.js';
import { decayOf, factsOf, type Run, type RunFacts } from './run.js';
import { conventionOf, decayArgument, strength, type Setting } from './setting.js';
import { chosen } from './target.js';
import { insteadOf, waysBetween, type Instead } from './ways.js';

/** The decay of a run in numbers; null where a setting has none, or the run's length is not known. */
export interface Decay {
  /** What a step at the schedule's full rate multiplies theta by, and subtracts. */
  readonly perStep: number;
  readonly run: DecayTimescale | null;
}

export interface Target {
  readonly setting: Setting;
  /** The numbers to write: lr, the decay, and those that are not the library's defaults. */
  readonly written: Values;
}

export interface Conversion {
  readonly from: Setting;
  readonly to: Target | null;
  /** wd' of the target by wd of the source. */
  readonly formula: string | null;
  readonly decay: Decay | null;
  readonly none: None | null;
  readonly instead: Instead | null;
  /** Where the step itself is not the same. Empty: both train the same weights. */
  readonly differences: readonly string[];
}

/** What a step at the full rate takes from a weight, and what the run does in all. Null for L2 that passes moments. */
export function decayIn(setting: Setting, run: Run, facts: RunFacts): Decay | null {
  const convention = conventionOf(setting);
  if (convention === undefined) return null;
  const rates = { lr: setting.values.lr!, wd: strength(setting) };
  const at = { ...facts, lr: rates.lr, steps: facts.cycleSteps ?? NaN };
  return { perStep: rescaled(rates.wd, convention, 'constant', at), run: decayOf(convention, rates, run) };
}

/**
 * Converts a setting. A target without an optimizer's name is the library's optimizer of the same rule and decay.
 * @throws ConvertError if the run's length is needed and not given, or does not fit the schedule
 */
export function convert(from: Setting, to: Named, run: Run): Conversion {
  const facts = factsOf(run);
  const base = { from, decay: decayIn(from, run, facts), instead: null, differences: [], formula: null };
  const optimizer = chosen(from, to, facts);
  if ('kind' in optimizer) return { ...base, to: null, none: optimizer };
  const ways = waysBetween(from, optimizer, facts);
  if ('kind' in ways) {
    return { ...base, to: null, none: ways, instead: insteadOf(from, optimizer, run, facts) };
  }
  const argument = decayArgument(optimizer);
  const decay = exactly(ways.forth, ways.back, from.values[decayArgument(from.optimizer)]!);
  const carried = carry(from, optimizer);
  const values = { ...optimizer.defaults, ...carried, lr: from.values.lr!, [argument]: decay };
  const setting = { library: to.library, optimizer, values };
  const written = { lr: values.lr, [argument]: decay, ...unusual(values, optimizer.defaults) };
  return {
    ...base,
    to: { setting, written },
    none: null,
    formula: ways.formula,
    differences: differencesOf(from, setting, facts),
  };
}
