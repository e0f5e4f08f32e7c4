/** A cell: one optimizer, learning rate, weight decay and seed; all that decides one training run's result. */
import { hash } from 'node:crypto';
import type { DatasetSpec, ModelSpec, OptimizerSpec, Schedule } from './schema.js';

/** Raised when a change to the training code changes results, so that old journals are not mixed with new. */
export const NUMERICS = 2;

/** Everything that decides a run's numbers, and nothing else. Its hash is the cell's identity. */
export interface Cell {
  /** First 16 hex digits of the sha256 of the rest, see `identify`. */
  readonly id: string;
  readonly numerics: number;
  readonly dataset: DatasetSpec;
  readonly model: ModelSpec;
  /** `label` is kept outside: what a curve is called does not change it. */
  readonly optimizer: Omit<OptimizerSpec, 'label' | 'lr' | 'wd' | 'schedule' | 'epochs'>;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly batchSize: number;
  readonly warmup: number;
  readonly recordDecay: boolean;
  readonly lr: number;
  readonly wd: number;
  readonly seed: number;
  /** The backend that computes, resolved (never `auto`), and its threads: float sums depend on both. */
  readonly backend: string;
  readonly threads: number;
}

/** The cell whose identity is a hash of everything else in it: equal settings, equal id, on every machine. */
export function identify(settings: Omit<Cell, 'id'>): Cell {
  return { id: idFrom(canonical(settings)), ...settings };
}

/** What differs between the cells of one optimizer's grid. */
type Point = Pick<Cell, 'lr' | 'wd' | 'seed'>;

/**
 * The ids, as `identify` gives them, of cells that share all settings but `lr`, `wd` and `seed`. What they share is
 * written out once: a grid may have a million cells.
 */
export function idsOf(shared: Omit<Cell, 'id' | keyof Point>): (point: Point) => string {
  const entries = Object.entries(shared)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, text: `${JSON.stringify(key)}:${canonical(value)}` }));
  // Keys are sorted in the text that is hashed: these stand before lr, between it and seed, and so on.
  const between = (after: string, before: string) =>
    entries.filter(({ key }) => key > after && key < before).map(({ text }) => `${text},`);
  const [a, b, c] = [between('', 'lr'), between('lr', 'seed'), between('seed', 'wd')].map((some) =>
    some.join(''),
  );
  const d = entries
    .filter(({ key }) => key > 'wd')
    .map(({ text }) => `,${text}`)
    .join('');
  return ({ lr, seed, wd }) => idFrom(`{${a}"lr":${lr},${b}"seed":${seed},${c}"wd":${wd}${d}}`);
}

const idFrom = (text: string): string => hash('sha256', text, 'buffer').toString('hex', 0, 8);
/** Whether a text has the form of a cell's id. */
export const isCellId = (text: string): boolean => /^[0-9a-f]{16}$/.test(text);

/** Whether a cell read from outside still has the identity that its settings give. */
export const isGenuine = ({ id, ...settings }: Cell): boolean => identify(settings).id === id;

/** JSON with sorted keys and without absent ones, so that equal settings have equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, of]) => of !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, of]) => `${JSON.stringify(key)}:${canonical(of)}`).join(',')}}`;
}
