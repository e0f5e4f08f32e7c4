/** One setting in all conventions at once. */
import { CONVENTIONS, needs, SUBTRACTS, type Convention } from './conventions.js';
import { LIBRARIES } from './libraries/index.js';
import type { None } from './none.js';
import { factsOf, type Run, type RunFacts } from './run.js';
import { conventionOf, isPlainSgd, strength, type Setting } from './setting.js';
import { exactRescaled, problemBetween, sameTotal } from './ways.js';

/** A setting's number in one convention. */
export interface Row {
  readonly convention: 'l2' | Convention;
  /** What a step subtracts, or adds to the gradient. */
  readonly subtracts: string;
  /** Libraries that have it. */
  readonly who: readonly string[];
  /** Null: there is none, or the run's length is needed. */
  readonly wd: number | null;
  readonly none: None | null;
  /** The number with the same total decay, where none is equal. */
  readonly sameTotal: number | null;
}

type Number = Pick<Row, 'wd' | 'none' | 'sameTotal'>;

const L2_NONE: Number = {
  wd: null,
  none: { kind: 'l2-against-decoupled', text: 'L2 and decoupled decay are not equal for this optimizer.' },
  sameTotal: null,
};

/** Libraries by the decay that at least one of their optimizers has. The paper's L2 is named once. */
const librariesWith = (decay: 'l2' | Convention): string[] =>
  LIBRARIES.filter(({ name }) => decay !== 'l2' || (name !== 'normalized' && name !== 'timescale'))
    .filter(({ optimizers }) => optimizers.some((one) => one.decay === decay))
    .map(({ title }) => title);

/**
 * A row for every convention, and one for L2.
 * @throws ConvertError if the schedule and the run's length do not fit
 */
export function conventionTable(setting: Setting, run: Run): Row[] {
  const from = conventionOf(setting);
  const facts = factsOf(run);
  const rates = { lr: setting.values.lr!, wd: strength(setting) };
  const inConvention = (to: Convention): Number =>
    from === undefined ? L2_NONE : entry(rates, from, to, run, facts);
  const inL2 = (): Number => {
    if (from === undefined) return { wd: rates.wd, none: null, sameTotal: null };
    // Plain SGD: L2 is the convention lr.
    return isPlainSgd(setting) ? entry(rates, from, 'lr', run, facts) : L2_NONE;
  };
  return [
    ...CONVENTIONS.map((to) => ({
      convention: to,
      subtracts: SUBTRACTS[to],
      who: librariesWith(to),
      ...inConvention(to),
    })),
    { convention: 'l2', subtracts: 'g + wd theta as gradient', who: librariesWith('l2'), ...inL2() },
  ];
}

function entry(
  rates: { readonly lr: number; readonly wd: number },
  from: Convention,
  to: Convention,
  run: Run,
  facts: RunFacts,
): Number {
  const none = problemBetween(from, to, facts) ?? null;
  if (none) return { wd: null, none, sameTotal: sameTotal(rates, from, to, run) };
  const { steps, stepsPerEpoch } = needs(from, to);
  const isUnknown = (steps || stepsPerEpoch) && Number.isNaN(facts.stepsPerEpoch);
  const at = { lr: rates.lr, steps: facts.cycleSteps ?? NaN, stepsPerEpoch: facts.stepsPerEpoch };
  return { wd: isUnknown ? null : exactRescaled(rates.wd, from, to, at), none, sameTotal: null };
}
