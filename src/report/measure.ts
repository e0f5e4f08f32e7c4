/** What the results of a folder measure, in words and as numbers: test errors, or losses of imported sweeps. */
import { percent, shortNumber } from './format.js';

export interface MeasureWords {
  /** Such as `test error`. */
  readonly name: string;
  /** Title of an axis or a column. */
  readonly axis: string;
  /** What a value is multiplied by where it is drawn. */
  readonly scale: number;
  /** Behind a number, with its space. */
  readonly unit: string;
  /** Behind the name of a difference, with its comma. */
  readonly points: string;
}

export const TEST_ERROR: MeasureWords = {
  name: 'test error',
  axis: 'test error, %',
  scale: 100,
  unit: ' %',
  points: ', points',
};
export const LOSS: MeasureWords = { name: 'loss', axis: 'loss', scale: 1, unit: '', points: '' };

export const wordsFor = (measure: 'error' | 'loss'): MeasureWords => (measure === 'loss' ? LOSS : TEST_ERROR);

/** A value without its unit: an error in percent, a loss to three digits; null -> an en dash. */
export const shown = ({ scale }: Pick<MeasureWords, 'scale'>, value: number | null): string =>
  scale === 100 ? percent(value) : value === null || !Number.isFinite(value) ? '–' : shortNumber(value);

/** The number in a square of a heatmap: an error in percent, or a loss, in at most five characters. */
export function squareText(value: number, { scale }: Pick<MeasureWords, 'scale'>): string {
  if (scale === 100) return percent(value, value >= 0.0995 ? (value >= 0.995 ? 0 : 1) : 2);
  const texts = [value, Number(value.toPrecision(2))].map(shortNumber);
  // Of a small loss, `.0012` says more than `1e-3`.
  const fitting = [...texts, texts[1]!.replace(/^0\./, '.')].find((text) => text.length <= 5);
  return fitting ?? value.toExponential(0).replace('e+', 'e');
}

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
