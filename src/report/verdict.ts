/** The verdict for readers: an answer in plain words, the numbers behind it, and what would tell more. */
import {
  verdictFacts,
  type Decoupling,
  type Estimate,
  type PairFacts,
  type VerdictFacts,
} from '../analysis/index.js';
import type { Confirmation } from '../analysis/confirmation.js';
import type { OptimizerStatistics } from '../analysis/index.js';
import type { Shrinkage } from '../analysis/shrinkage.js';
import { printable } from '../experiment/printable.js';
import { confirmationSentences, confirmedAlone, confirmedFacts } from './confirmation.js';
import { shortNumber } from './format.js';
import {
  answer,
  doubtSentence,
  errorSentence,
  fixed,
  generalisationSentence,
  levelWords,
  scatteredSentences,
  seedsSentence,
  tuningSentences,
  withoutResult,
} from './sentences.js';
import { stepsSentences } from './steps.js';
import { wrap } from './width.js';

/** Nobody reads more sentences. The tables have the rest. */
const MOST_SENTENCES = 6;

/**
 * Three to six sentences where two optimizers are compared, fewer where there is little to say. The first needs no
 * statistics to be understood. What matters most comes first, and what is beyond the sixth sentence is left out.
 * @param confirmed the second stage; with it, the fresh seeds alone say which optimizer makes fewer errors
 */
export function verdictSentences(decoupling: Decoupling, confirmed: Confirmation | null = null): string[] {
  const facts = confirmedFacts(verdictFacts(decoupling), confirmed);
  const labels = facts.kind === 'pairs' ? ([facts.first.a.label, facts.first.b.label] as const) : undefined;
  const ofSteps = stepsSentences(decoupling.steps, confirmed, labels);
  const found =
    ofSteps.length > 0
      ? [...ofSteps, ...endSentences(facts, decoupling.shrinkages, confirmed)]
      : sentencesOf(facts, decoupling.shrinkages, confirmed);
  return found
    .filter((sentence) => sentence !== '')
    .slice(0, MOST_SENTENCES)
    .map(printable);
}

/**
 * What is left to say of runs on equations when the steps are told: the error at the end, in which late spikes are noise
 * and many cells make none, and the decay.
 */
function endSentences(
  facts: VerdictFacts,
  shrinkages: readonly Shrinkage[],
  confirmed: Confirmation | null,
): string[] {
  if (facts.kind === 'none') return [];
  const end =
    'At the end of the runs, where spikes of the error are luck, and each at its setting of least error,';
  if (facts.kind === 'single') {
    const level = levelSentence(facts.only, facts, EQUATIONS);
    const fresh = confirmed ? confirmedAlone(confirmed, facts.only.label) : [];
    return [...fresh, level && `At the end of the runs ${level}`, decaySentence(shrinkages)];
  }
  const { first } = facts;
  const untold = withoutResult(first);
  const own = shrinkages.filter(({ label }) => label === first.a.label || label === first.b.label);
  const error = untold === null && !first.scattered ? errorSentence(first, EQUATIONS) : '';
  return [
    untold === null ? '' : `${untold}.`,
    ...(confirmed ? confirmationSentences(confirmed, [first.a.label, first.b.label]) : []),
    confirmed?.missing === 0 || error === '' ? '' : `${end} ${error}`,
    decaySentence(own),
  ];
}

/** Of what an error is a share there. */
const EQUATIONS = 'test equations';

function sentencesOf(
  facts: VerdictFacts,
  shrinkages: readonly Shrinkage[],
  confirmed: Confirmation | null,
): string[] {
  if (facts.kind === 'none') return ['There are no runs yet, so there is nothing to say.'];
  if (facts.kind === 'single') {
    const fresh = confirmed ? confirmedAlone(confirmed, facts.only.label) : [];
    return [...single(facts), ...fresh, decaySentence(shrinkages)];
  }
  const { first, others } = facts;
  if (first.scattered) return [answer(first), ...scatteredSentences(first)];
  const own = shrinkages.filter(({ label }) => label === first.a.label || label === first.b.label);
  if (withoutResult(first) !== null)
    return [
      answer(first),
      ...[first.b, first.a].map((o) => levelSentence(o, first)),
      decaySentence(own),
      otherPairs(others),
    ];
  const [tuning = '', ...second] = tuningSentences(first);
  const told = first.generalises === 'a' || first.generalises === 'b';
  return [
    answer(first),
    ...(confirmed ? confirmationSentences(confirmed, [first.a.label, first.b.label]) : []),
    confirmed?.missing === 0 ? doubtSentence(first) : errorSentence(first),
    tuning,
    ...(first.easier === 'mixed' ? second : []),
    seedsSentence(first),
    decaySentence(own),
    told ? generalisationSentence(first) : '',
    otherPairs(others),
    ...(first.easier === 'mixed' ? [] : second),
    told ? '' : generalisationSentence(first),
  ];
}

function single(facts: Extract<VerdictFacts, { kind: 'single' }>): string[] {
  const { only } = facts;
  const { label, best } = only;
  const alone = `Only ${label} was trained, so nothing is compared.`;
  if (best === null) return [alone, only.reason ?? 'It has no result.'];
  if (best.diverged === best.runs)
    return [alone, 'It learned nothing: every run of its best setting diverged.'];
  if (only.trials)
    return [
      alone,
      `The trials are not a grid. A quadratic near the best gives a ridge slope (0: independent, −1: only their product matters) of ${shown(only.quadratic.slope)}.`,
    ];
  const independence = `Separability (1: learning rate and weight decay are independent) is ${shown(only.separability.corrected)}, the ridge slope (0: independent, −1: only their product matters) ${shown(only.ridge.slope)}.`;
  return [alone, levelSentence(only, facts), independence];
}

/** Expected error of one optimizer alone; empty where it has none that tells anything. */
function levelSentence(
  { label, best }: OptimizerStatistics,
  { measure, level }: Pick<PairFacts, 'measure' | 'level'>,
  set?: string,
): string {
  if (best === null || best.diverged === best.runs) return '';
  const { value, low, high } = best.expected;
  const { reaches, show } = levelWords(measure, set);
  const interval = low === null ? '' : ` (${fixed(100 * level, 0)}% interval ${show(low)} to ${show(high!)})`;
  return `${label} is expected to ${reaches(show(value ?? NaN))}${interval}, at lr ${shortNumber(best.lr)} and wd ${shortNumber(best.wd)}.`;
}

function shown({ value, low, high }: Estimate): string {
  if (value === null) return 'not identifiable';
  return low === null || high === null
    ? fixed(value, 2)
    : `${fixed(value, 2)} (${fixed(low, 2)} to ${fixed(high, 2)})`;
}

/** Weights that grow or shrink while the rate falls give a factor a little off 1, even where every step takes the same share. */
const ALIKE = 1.25;

/** How unevenly decay shrinks weights, in words; empty where no run recorded its decay. */
function decaySentence(shrinkages: readonly Shrinkage[]): string {
  return shrinkages.length === 0 ? '' : `${shrinkages.map(decayOf).join('; ')}.`;
}

function decayOf({ label, ratio, least, most, runs }: Shrinkage): string {
  const within = (low: number, high: number) =>
    `${factor(low)} to ${factor(high)} in ${runs} run${runs === 1 ? '' : 's'}`;
  if (most < ALIKE && least > 1 / ALIKE)
    return `${label} decays all weights nearly alike (factors ${within(least, most)})`;
  const [small, large] = ratio > 1 ? ['smallest', 'largest'] : ['largest', 'smallest'];
  const range = ratio > 1 ? within(least, most) : within(1 / most, 1 / least);
  const times = factor(Math.max(ratio, 1 / ratio));
  return `${label} decays the weights with the ${large} gradients ${times} times less, relative to their size, than those with the ${small} (${range})`;
}

const factor = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

/** The other pairs of an L2 optimizer and its decoupled form: the answer on a single one, a count of several. */
function otherPairs(others: readonly PairFacts[]): string {
  if (others.length < 2) return others.map(answer).join('');
  const count = (side: 'a' | 'b') => others.filter(({ error }) => error.favours === side).length;
  const [l2, decoupled] = [count('a'), count('b')];
  const left = others.length - l2 - decoupled;
  const open = left === 0 ? '' : `; the other ${left === 1 ? 'one' : left} cannot tell`;
  return `Of the ${others.length} other pairs, the decoupled one ${levelWords(others[0]!.measure).has} in ${decoupled} and the one with L2 in ${l2}${open}.`;
}

/** The sentences under a heading, wrapped to `width` columns. */
export function renderVerdict(sentences: readonly string[], width: number): string {
  const room = Math.max(20, width - 2);
  return sentences
    .map((s) => wrap(s, room).join('\n  '))
    .map((s) => `- ${s}`)
    .join('\n');
}
