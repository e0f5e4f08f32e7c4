/** When runs generalise, in words: the first part of the verdict on runs on equations. */
import type { Confirmation } from '../analysis/confirmation.js';
import {
  GENERALISED_AT,
  type CellSteps,
  type StepsComparison,
  type StepsStatistics,
} from '../analysis/stepsToGeneralise.js';
import { grouped, percent, shortNumber } from './format.js';

/** Median steps of a cell, such as `372`, or `> 600`; an en dash without one. */
export const stepsShown = (cell: CellSteps | undefined): string =>
  cell === undefined
    ? '–'
    : cell.steps.value === null
      ? `> ${grouped(cell.horizon)}`
      : grouped(cell.steps.value);

/** What a table sorts by: a median beyond the last step comes after all others. */
export const stepsOrder = ({ steps, horizon }: CellSteps): number => steps.value ?? 1e9 + horizon;

/**
 * Two or three sentences on a pair of optimizers, or on the only one: first the answer, which needs no statistics, then
 * the numbers. Empty where no steps are counted. The fresh seeds speak where the second stage is complete. Labels are not
 * escaped.
 * @param labels the pair that matters; without one, or without a result of both, the first pair that has results
 */
export function stepsSentences(
  grid: StepsStatistics | undefined,
  confirmed: Confirmation | null,
  labels?: readonly [a: string, b: string],
): string[] {
  const fresh = confirmed?.missing === 0 ? confirmed.steps : undefined;
  const found = fresh ?? grid;
  const [first] = found?.best ?? [];
  if (!found || !first) return [];
  const pair =
    found.comparisons.find(({ a, b }) => a === labels?.[0] && b === labels[1]) ?? found.comparisons[0];
  const of = (label: string) => found.best.find((cell) => cell.label === label)!;
  const shown = pair ? [of(pair.b), of(pair.a)] : [first];
  return [
    pair ? ratioAnswer(pair, [of(pair.a), of(pair.b)], found.level) : aloneAnswer(first),
    numbers(shown, fresh !== undefined, pair !== undefined),
    pair ? othersSentence(found.comparisons.filter((other) => other !== pair)) : '',
  ].filter(Boolean);
}

function numbers(shown: readonly CellSteps[], fresh: boolean, compared: boolean): string {
  const whose = fresh ? 'On fresh seeds' : 'At its quickest setting';
  const fell = shown.reduce((sum, { fellBack }) => sum + fellBack, 0);
  return [
    `${whose}, ${shown.map((cell) => `${cell.label} ${whenOf(cell)}`).join('; ')}.`,
    `To generalise is to reach a test error of at most ${percent(GENERALISED_AT, 0)}%.`,
    compared && !fresh ? 'The same seeds chose these settings, which flatters both.' : '',
    fell > 0 ? `Of these runs ${fell} had a higher test error again at the end.` : '',
  ]
    .filter(Boolean)
    .join(' ');
}

function whenOf({ steps, generalised, runs, horizon, lr, wd }: CellSteps): string {
  const at = `lr ${shortNumber(lr)}, wd ${shortNumber(wd)}`;
  const of = `${generalised} of ${runs.length} runs`;
  if (steps.value !== null)
    return `generalises after ${grouped(steps.value)} steps in the median (${at}, ${of})`;
  const within = `within ${grouped(horizon)} steps`;
  return generalised === 0
    ? `does not generalise ${within} (${at}, ${of})`
    : `generalises in ${of} ${within} (${at})`;
}

const aloneAnswer = ({ label, steps, horizon, generalised }: CellSteps): string =>
  steps.value !== null
    ? `${label} generalises here, after about ${grouped(steps.value)} steps; no other optimizer was trained to compare it with.`
    : `${label} ${generalised === 0 ? 'does not generalise' : 'seldom generalises'} here within ${grouped(horizon)} steps; no other optimizer was trained to compare it with.`;

const times = (relative: number) => shortNumber(relative + 1);

/** Which of the two it favours; undefined if neither. */
const quickerOf = ({ a, b, relative: { low, high } }: StepsComparison): string | undefined =>
  high !== null && high < 0 ? b : low !== null && low > 0 ? a : undefined;

/** Who generalises first, and by what factor. */
function ratioAnswer(pair: StepsComparison, [a, b]: readonly [CellSteps, CellSteps], level: number): string {
  if (a.generalised + b.generalised === 0)
    return `Neither ${b.label} nor ${a.label} generalises here within ${grouped(Math.max(a.horizon, b.horizon))} steps.`;
  const quicker = quickerOf(pair);
  const size = sizeOf(pair, level);
  if (quicker === undefined)
    return `These runs cannot tell whether ${b.label} or ${a.label} generalises first${size === '' ? '' : `: ${size}`}.`;
  const slower = quicker === a.label ? b : a;
  const never =
    slower.generalised === 0 ? `; ${slower.label} does not within ${grouped(slower.horizon)} steps` : '';
  return quicker === b.label
    ? `${quicker} generalises first here, in ${factorOf(pair, level)}${never}.`
    : `${quicker} generalises first here: ${size}.`;
}

/** Such as `0.7 times the steps of Adam+L2 (95% interval 0.5 to 0.9)`; only the interval where no value is known. */
function factorOf({ a, relative: { value, low, high } }: StepsComparison, level: number): string {
  const [from, to] = [low ?? -1, high];
  const percentage = (100 * level).toFixed(0);
  const steps = `times the steps of ${a}`;
  if (value === null) {
    const ends =
      to === null
        ? `at least ${times(from)}`
        : from <= -1
          ? `at most ${times(to)}`
          : `${times(from)} to ${times(to)}`;
    return `${ends} ${steps} (${percentage}% interval)`;
  }
  const ends = to === null ? `${times(from)} or more` : `${times(from)} to ${times(to)}`;
  return `${times(value)} ${steps} (${percentage}% interval ${ends})`;
}

/** How much longer b takes than a; what is known of it without an interval, which may be nothing. */
function sizeOf(pair: StepsComparison, level: number): string {
  const { a, b, relative, runs } = pair;
  if (relative.low !== null || relative.high !== null) return `${b} takes ${factorOf(pair, level)}`;
  const few = `${runs[0] === runs[1] ? `${runs[0]} runs each` : `${runs[1]} and ${runs[0]} runs`} are too few to say more`;
  return relative.value === null
    ? few
    : `in them ${b} takes ${times(relative.value)} times the steps of ${a}, but ${few}`;
}

/** The other pairs: the answer on a single one, a count of several. */
function othersSentence(others: readonly StepsComparison[]): string {
  if (others.length === 0) return '';
  const told = others.map((pair) => ({ pair, quicker: quickerOf(pair) }));
  const known = told.flatMap(({ pair: { a, b }, quicker }) =>
    quicker === undefined ? [] : [`${quicker} before ${quicker === a ? b : a}`],
  );
  const all = others.length === 1 ? 'the other pair' : `the ${others.length} other pairs`;
  if (known.length === 0) return `Of ${all} these runs cannot tell which generalises first.`;
  const left = others.length - known.length;
  const listed = known.length > 3 ? [...known.slice(0, 3), `${known.length - 3} more`] : known;
  const open = left === 0 ? '' : `; of ${left} pair${left === 1 ? '' : 's'} they cannot tell`;
  return `Of ${all} these runs tell: ${listed.join(', ')}${open}.`;
}
