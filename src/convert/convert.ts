/** From a setting in one library to the equal one in another, or why there is none. */
import type { DecayTimescale } from '../optim/timescale.js';
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
import type { LibraryOptimizer, Named, Param, Values } from './libraries/index.js';
import { decayOf, factsOf, type Run, type RunFacts } from './run.js';
import { conventionOf, decayArgument, unitsOf, type Setting } from './setting.js';
import { areOneStep, ruleOf, STEPS } from './steps.js';

/** Why no setting of the other library is equal. */
export type NoneKind =
  | 'no-such-optimizer'
  | 'other-rule'
  | 'l2-against-decoupled'
  | 'scheduled-against-constant'
  | 'changing-cycles';

export interface None {
  readonly kind: NoneKind;
  readonly text: string;
}

/** The decay of a run in numbers; null where a setting has none, or the run's length is not known. */
export interface Decay {
  /** What a step at the schedule's full rate multiplies theta by, and subtracts. */
  readonly perStep: number;
  readonly run: DecayTimescale | null;
}

/** What comes near where nothing is equal. */
export interface Instead {
  /** wd at eta = 1, and the power of eta_t that it must be multiplied by in each step to be equal. */
  readonly scheduled: { readonly wd: number; readonly power: number } | null;
  /** A constant with the same total decay; null without a length. */
  readonly sameTotal: number | null;
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

/** lambda of L2, or wd of the convention. */
export const strength = ({ optimizer, values }: Setting): number =>
  values[decayArgument(optimizer)]! * unitsOf(optimizer);

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

/** The optimizer of the target that has the source's rule and kind of decay, with the same form of the step if one has. */
function chosen(from: Setting, { library, optimizer }: Named, facts: RunFacts): LibraryOptimizer | None {
  const rule = ruleOf(from.optimizer.step);
  const named = library.optimizers.filter((one) => optimizer === undefined || one.name === optimizer);
  const sameRule = named.filter((one) => ruleOf(one.step) === rule);
  if (sameRule.length === 0) {
    return optimizer === undefined
      ? { kind: 'no-such-optimizer', text: `${library.title} has no ${rule} that this command knows.` }
      : {
          kind: 'other-rule',
          text: `${optimizer} is not the rule of ${from.optimizer.name}: their steps differ, whatever the decay is.`,
        };
  }
  const isL2 = conventionOf(from) === undefined;
  const fit = sameRule.filter((one) => isL2 === (conventionOf(asTarget(from, one)) === undefined));
  if (fit.length === 0) return againstL2(from, rule, isL2);
  return fit.toSorted((one, other) => distance(from, one, facts) - distance(from, other, facts))[0]!;
}

/**
 * How far a target is from what one would choose: first of all the same step, then an argument of the optimizer rather
 * than a penalty in every layer, then the source's own decay. (For plain SGD both kinds are equal.)
 */
function distance(from: Setting, to: LibraryOptimizer, { isFlat }: RunFacts): number {
  const isSame = areOneStep(from.optimizer.step, to.step, { isFlat, momentum: from.values.momentum ?? 0 });
  return (isSame ? 0 : 4) + (decayArgument(to) === 'wd' ? 0 : 2) + (to.decay === from.optimizer.decay ? 0 : 1);
}

/** The target with the source's numbers: what decides whether it is plain SGD. */
const asTarget = (from: Setting, optimizer: LibraryOptimizer) => ({ ...from, optimizer });

function againstL2({ values }: Setting, rule: string, isL2: boolean): None {
  const heavyBall = rule === 'sgd' || rule === 'nesterov';
  const proposition = heavyBall
    ? 'the momentum averages the gradient of L2, and decoupled decay passes it by'
    : "no wd makes them equal (Proposition 2 of the paper): the moments rescale each weight's L2";
  const near =
    isL2 && heavyBall && values.momentum !== undefined
      ? ` Near it for small rates: decay by lr wd / (1 - momentum), that is ${Number(
          (1 / (1 - values.momentum)).toPrecision(12),
        )} times the wd in the convention lr.`
      : '';
  return {
    kind: 'l2-against-decoupled',
    text: `One is L2 in the gradient, the other is decoupled decay, and ${proposition}.${near}`,
  };
}

interface Ways {
  readonly forth: (value: number) => number;
  readonly back: (value: number) => number;
  readonly formula: string;
}

/** How the decay's number gets from one to the other and back. */
function waysBetween(from: Setting, to: LibraryOptimizer, facts: RunFacts): Ways | None {
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
function insteadOf(from: Setting, to: LibraryOptimizer, run: Run, facts: RunFacts): Instead | null {
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

const isDecay = (param: string): boolean => param === 'wd' || param === 'l2';

/** The source's numbers that the target has too. An eps that moves into a root is squared: so the floor stays the same. */
function carry({ values, optimizer }: Setting, to: LibraryOptimizer): Values {
  const shared = Object.entries(values).filter(([param]) => param in to.defaults && !isDecay(param));
  const isInside = (step: string) => step === 'rmsprop/from-one' || step.endsWith('/eps-inside');
  const [before, after] = [isInside(optimizer.step), isInside(to.step)];
  const eps = values.eps ?? 0;
  const floor = Number((after ? eps ** 2 : Math.sqrt(eps)).toPrecision(12));
  const moved = before === after || !('eps' in to.defaults) ? {} : { eps: floor };
  return { ...Object.fromEntries(shared), ...moved };
}

/** The numbers that are not the target's defaults; both betas if one is not, since some libraries have them as a pair. */
function unusual(values: Values, defaults: Values): Values {
  const differs = (param: Param) => values[param] !== defaults[param];
  const paired = differs('beta1') || differs('beta2');
  const isWritten = (param: string) =>
    !isDecay(param) &&
    (param === 'beta1' || param === 'beta2' ? paired : differs(param as Param));
  return Object.fromEntries(Object.entries(values).filter(([param]) => isWritten(param)));
}

/** What of the step, decay aside, the target does in another way. */
function differencesOf(from: Setting, to: Setting, facts: RunFacts): string[] {
  const [a, b] = [from.optimizer.step, to.optimizer.step];
  const momentum = from.values.momentum ?? 0;
  const hasNoEpsilon = from.values.eps === 0 && ruleOf(a) === 'adam';
  const isSame = areOneStep(a, b, { isFlat: facts.isFlat, momentum }) || hasNoEpsilon;
  const lost = Object.entries(from.values).filter(
    ([param, value]) => !isDecay(param) && !(param in to.values) && value !== 0,
  );
  return [
    ...(isSame
      ? []
      : [`the step: ${from.library.title} ${STEPS[a]}; ${to.library.title} ${STEPS[b]}${remark(a, b)}`]),
    ...lost.map(([param, value]) => `${param} = ${value}: ${to.optimizer.name} has no such setting`),
  ];
}

function remark(a: string, b: string): string {
  const pair = new Set([a, b]);
  if (pair.has('adam') && pair.has('adam/eps-hat')) {
    return '. Both agree once 1 - beta2^t is near 1; before, the second has the larger epsilon';
  }
  if (pair.has('sgd/lr-in-m') || pair.has('nesterov/lr-in-m')) return '. Both agree while the rate does not change';
  return '';
}
