/** The sentences of the verdict on one pair of optimizers: each says one thing, once, with its interval. */
import type { Estimate, Measure, PairFacts, TuningMeasure } from '../analysis/index.js';
import { MOST_SEEDS } from '../analysis/index.js';
import { shortNumber } from './format.js';
import { capitalised } from './measure.js';

/** How the level of a result is said: a test error in percent of `set`, or a loss of an imported sweep. */
export const levelWords = (measure: PairFacts['measure'], set = 'test set') =>
  measure === 'loss'
    ? {
        show: (v: number) => short(v),
        reaches: (level: string) => `reach a loss of ${level}`,
        best: (level: string) => `a loss of ${level}`,
        has: 'has the lower loss',
        difference: 'loss',
      }
    : {
        show: (v: number) => `${fixed(100 * v, 2)}%`,
        reaches: (level: string) => `err on ${level} of the ${set}`,
        best: (level: string) => `a test error of ${level}`,
        has: 'makes fewer errors',
        difference: 'error',
      };

const short = (value: number) => String(Number(value.toPrecision(3))).replace(/^-/, '−');

/** The answer in words that need no statistics. */
export function answer(pair: PairFacts): string {
  const untold = withoutResult(pair);
  if (untold !== null) return `${untold}.`;
  const { a, b, error, easier, bothWithoutDecay, triedDecay, measure, scattered } = pair;
  const better = sideOf(pair, error.favours);
  const tuning = sideOf(pair, easier);
  if (bothWithoutDecay && !triedDecay)
    return `No weight decay was tried here, and without it ${b.label} and ${a.label} are the same optimizer.`;
  if (bothWithoutDecay)
    return `Weight decay does not help here: ${b.label} and ${a.label} are both best without it, where decoupling changes nothing.`;
  const accuracy =
    better === null
      ? `These runs cannot tell whether ${b.label} or ${a.label} ${levelWords(measure).has}`
      : measure === 'loss'
        ? `${better} has a lower loss here than ${better === b.label ? a.label : b.label}`
        : `${better} makes fewer errors here than ${better === b.label ? a.label : b.label}`;
  if (scattered) return `${accuracy}, or which is easier to tune: their trials are not a grid.`;
  if (easier === 'mixed') return `${accuracy}, and which is easier to tune depends on how one tunes.`;
  if (tuning !== null && better === tuning) return `${accuracy}, and it is easier to tune.`;
  if (tuning !== null) return `${accuracy}, but ${tuning} is easier to tune.`;
  return better === null
    ? `${accuracy}, or which is easier to tune.`
    : `${accuracy}; these runs cannot tell which is easier to tune.`;
}

/** Why the two cannot be compared at all; null if both have a best setting that learned. */
export function withoutResult({ a, b }: PairFacts): string | null {
  const empty = [b, a].filter((o) => o.best === null).map((o) => o.label);
  if (empty.length === 2) return `Neither ${empty[0]!} nor ${empty[1]!} has a result, so nothing is compared`;
  if (empty.length === 1)
    return `${empty[0]!} has no result, so there is nothing to compare ${empty[0] === a.label ? b.label : a.label} with`;
  const diverged = [b, a].filter((o) => o.best!.diverged === o.best!.runs).map((o) => o.label);
  if (diverged.length === 2)
    return `${diverged[0]!} and ${diverged[1]!} learned nothing here: every run of their best settings diverged`;
  if (diverged.length === 1)
    return `Only ${diverged[0] === a.label ? b.label : a.label} learned here: every run of ${diverged[0]!}'s best setting diverged`;
  return null;
}

const sideOf = ({ a, b }: PairFacts, favours: PairFacts['easier']): string | null =>
  favours === 'a' ? a.label : favours === 'b' ? b.label : null;

/** Expected error and difference. */
export function errorSentence(pair: PairFacts, set?: string): string {
  const { a, b, error, level, measure } = pair;
  const { value } = error.difference;
  if (error.b.value === null || value === null) return '';
  const digits = digitsFor(error.difference);
  const loss = measure === 'loss';
  const inPoints = (v: number) => (loss ? short(v) : fixed(100 * v, digits));
  const own = levelWords(measure, set).reaches(
    loss ? inPoints(error.b.value) : `${inPoints(error.b.value)}%`,
  );
  const amount = inPoints(Math.abs(value));
  const than = isZero(amount)
    ? `as is ${a.label}`
    : `${amount}${loss ? '' : ' points'} ${value < 0 ? 'less' : 'more'} than ${a.label}`;
  const expected = `${b.label} is expected to ${own}, ${than}`;
  return `${expected}${interval(error.difference, inPoints, level)}${chance(error)}${doubts(pair)
    .map((doubt) => `; ${doubt}`)
    .join('')}.`;
}

/** Whether a number is 0 in the digits that are shown: `0.00 more` would mislead. */
const isZero = (text: string) => Number(text) === 0;

/** The same doubts in a sentence of their own, where another one has the numbers; empty without any. */
export const doubtSentence = (pair: PairFacts): string => {
  const found = doubts(pair).join('; ');
  return found === '' ? '' : `${capitalised(found)}.`;
};

/** A best setting on the border of its grid, or one in which runs diverged, makes the comparison doubtful. */
function doubts({ a, b }: PairFacts): string[] {
  const named = (is: (o: PairFacts['a']) => boolean) =>
    [b, a]
      .filter(is)
      .map(({ label }) => label)
      .join(' and of ');
  const edges = named(({ best }) => best?.edge === true);
  const diverged = named(({ best }) => (best?.diverged ?? 0) > 0);
  return [
    edges && `the best of ${edges} lies on the border of the grid`,
    diverged && `some runs of the best of ${diverged} diverged`,
  ].filter(Boolean);
}

/** What trials that are no grid say: the best ones, which have no interval, and the slopes of the quadratics. */
export function scatteredSentences({ a, b, measure }: PairFacts): string[] {
  const { best, show } = levelWords(measure);
  const ofBest = [b, a].flatMap((o) =>
    o.best
      ? [
          `${o.label}'s best trial, lr ${shortNumber(o.best.lr)} and wd ${shortNumber(o.best.wd)}, has ${best(show(o.best.mean))}`,
        ]
      : [],
  );
  const slopes = [b, a].map(({ label, quadratic: { slope } }) =>
    slope.value === null
      ? `is not identifiable for ${label}`
      : `is ${fixed(slope.value, 2)}${ends(slope)} for ${label}`,
  );
  return [
    `${ofBest.join('; ')}. Trials that are not a grid have no interval, so this may be luck.`,
    `The ridge slope (0: independent, −1: only the product of lr and wd matters), from a quadratic near the best, ${slopes.join(' and ')}.`,
  ];
}

const ends = ({ low, high }: Estimate) =>
  low === null || high === null ? '' : ` (${fixed(low, 2)} to ${fixed(high, 2)})`;

/** At most two measures of tuning: those that tell, one for each side where they disagree; else one that is open. */
export function tuningSentences(pair: PairFacts): string[] {
  const known = pair.tuning.filter(({ b, difference }) => b.value !== null && difference.value !== null);
  const telling = known.filter(({ favours }) => favours === 'a' || favours === 'b');
  const other = telling.find(({ favours }) => favours !== telling[0]!.favours);
  const said = other ? [telling[0]!, other] : telling.length > 0 ? telling.slice(0, 2) : known.slice(0, 1);
  if (said.length > 0) return said.map((measure) => tuningSentence(pair, measure));
  const reason = pair.tuning.map(({ difference }) => difference.reason).find((text) => text !== undefined);
  return reason === undefined ? [] : [`How easy the two are to tune cannot be compared. ${reason}`];
}

const TUNING: Readonly<Record<TuningMeasure['name'], { readonly words: string; readonly points: boolean }>> =
  {
    transfer: { words: 'Keeping a tuned weight decay at another learning rate costs', points: true },
    separability: {
      words: 'Separability (1: learning rate and weight decay are independent) is',
      points: false,
    },
    regret: { words: 'Tuning the learning rate first and the weight decay second loses', points: true },
  };

function tuningSentence({ a, b, level, ...pair }: PairFacts, measure: TuningMeasure): string {
  const { words, points: ofLevel } = TUNING[measure.name];
  const loss = ofLevel && pair.measure === 'loss';
  const points = ofLevel && !loss;
  const digits = points ? digitsFor(measure.difference) : 2;
  const shown = (v: number) => (loss ? short(v) : fixed(points ? 100 * v : v, digits));
  const [own, value] = [measure.b.value!, measure.difference.value!];
  // Noise may take a cost a little below 0.
  const amount = !ofLevel
    ? shown(own)
    : own <= 0
      ? 'nothing'
      : `${shown(own)} ${points ? 'points of error' : 'of loss'}`;
  const size = shown(Math.abs(value));
  const by = isZero(size)
    ? `as with ${a.label}`
    : `${size} ${points ? 'points ' : ''}${value < 0 ? 'less' : 'more'} than with ${a.label}`;
  return `${words} ${amount} with ${b.label}, ${by}${interval(measure.difference, shown, level)}${chance(measure)}.`;
}

/** How many more seeds would tell what is open; empty if nothing is. */
export function seedsSentence(pair: PairFacts): string {
  const { seeds, error, easier, measure } = pair;
  if (withoutResult(pair) !== null) return '';
  if (error.favours === 'unknown')
    return seeds < 2
      ? 'One seed does not show what is chance: train three or more.'
      : (error.difference.reason ?? '');
  // Without decay the two are one optimizer: no number of seeds would show a difference.
  const ofError =
    error.favours === 'open' && !pair.bothWithoutDecay
      ? [`${more(error)} would show the difference in ${levelWords(measure).difference}`]
      : [];
  const open = pair.tuning.filter(({ favours }) => favours === 'open');
  const least = open.toSorted((x, y) => (x.seedsNeeded ?? Infinity) - (y.seedsNeeded ?? Infinity))[0];
  const one = ofError.length > 0 ? 'the one' : 'would show the difference';
  const ofTuning = easier === 'open' && least ? [`${more(least)} ${one} in tuning`] : [];
  const parts = [...ofError, ...ofTuning];
  if (parts.length === 0) return '';
  const [it, each] = parts.length === 1 ? ['it is', ''] : ['they are', 'each '];
  return `If ${it} real, ${parts.join(', and ')} (${each}with a probability of 80%).`;
}

const more = ({ seedsNeeded: needed, seeds }: Measure) =>
  needed === null
    ? `more than ${MOST_SEEDS.toLocaleString('en')} seeds`
    : `about ${String(needed - seeds)} more seed${needed - seeds === 1 ? '' : 's'}`;

/** Test error at equal training loss; empty if it is unknown. */
export function generalisationSentence(pair: PairFacts): string {
  const { a, b, generalisation, generalises, level, measure } = pair;
  const { relative } = generalisation;
  if (relative.value === null || relative.low === null) return '';
  const loss = measure === 'loss';
  const words: [string, string] = loss ? ['lower', 'higher'] : ['fewer', 'more'];
  const shown = (v: number) => `${fixed(100 * v, 1)}%`;
  const size = `${shown(Math.abs(relative.value))} ${relative.value < 0 ? words[0] : words[1]}`;
  const range = interval(relative, shown, level, words);
  const equal = isZero(fixed(100 * relative.value, 1));
  const claim = loss
    ? `the loss of ${b.label} is ${equal ? 'equal to' : `${size} than`} that of`
    : `${b.label} makes ${equal ? 'as many errors as' : `${size} errors than`}`;
  return `At equal training loss ${claim} ${a.label}${range}${generalises === 'open' ? ', which may be chance' : ''}.`;
}

const chance = ({ favours }: Measure) => (favours === 'open' ? ', which may be chance' : '');

/** ` (95% interval 0.3 to 1.2 less)`: the ends of a difference in words, as its sign is easily misread. */
function interval(
  { low, high }: Estimate,
  shown: (v: number) => string,
  level: number,
  [less, greater] = ['less', 'more'],
): string {
  if (low === null || high === null) return '';
  const size = (v: number) => shown(Math.abs(v));
  const ends =
    high <= 0 && low < 0
      ? `${size(high)} to ${size(low)} ${less}`
      : low >= 0
        ? `${size(low)} to ${size(high)} ${greater}`
        : `${size(low)} ${less} to ${size(high)} ${greater}`;
  return ` (${fixed(100 * level, 0)}% interval ${ends})`;
}

/** Decimals of a difference in points that leave two or three digits of its interval. */
function digitsFor({ low, high }: Estimate): number {
  const width = low === null || high === null ? 1 : 100 * (high - low);
  return width < 5 ? 2 : 1;
}

/** `digits` decimals, with a typographic minus (no line breaks after it); never -0. */
export const fixed = (value: number, digits: number) =>
  value
    .toFixed(digits)
    .replace(/^-(?=[0.]*[1-9])/, '−')
    .replace(/^-/, '');
