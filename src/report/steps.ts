/** When runs generalise, in words: a part of the verdict on runs on equations. */
import type { Confirmation } from '../analysis/confirmation.js';
import {
  GENERALISED_AT,
  type CellSteps,
  type StepsComparison,
  type StepsStatistics,
} from '../analysis/stepsToGeneralise.js';
import { grouped, percent, shortNumber } from './format.js';

/**
 * A few sentences as one text on the first pair of optimizers, or on the only one; empty where no steps are counted. The
 * fresh seeds speak where the second stage is complete. Labels are not escaped.
 */
export function stepsText(grid: StepsStatistics | undefined, confirmed: Confirmation | null): string {
  const fresh = confirmed?.missing === 0 ? confirmed.steps : undefined;
  const found = fresh ?? grid;
  const [first] = found?.best ?? [];
  if (!found || !first) return '';
  const [pair] = found.comparisons;
  const of = (label: string) => found.best.find((cell) => cell.label === label)!;
  const shown = pair ? [of(pair.b), of(pair.a)] : [first];
  const limit = `a test error of at most ${percent(GENERALISED_AT, 0)}%`;
  const whose = fresh ? 'On fresh seeds' : 'At its quickest setting';
  const fell = shown.reduce((sum, { fellBack }) => sum + fellBack, 0);
  return [
    `${whose}, ${shown.map((cell) => `${cell.label} ${whenOf(cell)}`).join('; ')}. To generalise is to reach ${limit}.`,
    pair ? ratioSentence(pair, found.level) : '',
    pair && !fresh ? 'The same seeds chose these settings, which flatters both.' : '',
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

function ratioSentence({ a, b, relative: { value, low, high } }: StepsComparison, level: number): string {
  const times = (relative: number) => shortNumber(relative + 1);
  if (low === null && high === null)
    return `These runs cannot tell which is quicker${value === null ? '' : `; ${b} takes ${times(value)} times the steps of ${a}`}.`;
  const [from, to] = [low ?? -1, high];
  const interval =
    to === null
      ? `${times(from)} or more`
      : from <= -1
        ? `${times(to)} or less`
        : `${times(from)} to ${times(to)}`;
  const percentage = (100 * level).toFixed(0);
  const size =
    value === null
      ? `${b} takes ${interval} times the steps of ${a} (${percentage}% interval)`
      : `${b} takes ${times(value)} times the steps of ${a} (${percentage}% interval ${interval})`;
  const quicker = to !== null && to < 0 ? b : from > 0 ? a : undefined;
  return quicker === undefined
    ? `${size}, so these runs cannot tell which is quicker.`
    : `${size}: ${quicker} is quicker.`;
}
