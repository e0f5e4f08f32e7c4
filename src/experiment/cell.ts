/**
 * A cell: one optimizer, learning rate, weight decay and seed, with all other settings that decide the result of a
 * run.
 */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { cellOptimizerSchema } from './optimizerSpec.js';
import { cellDatasetSchema, modelSchema, scheduleSchema } from './specs.js';

/** Raised when a change to the training code changes results, so that old and new records do not mix. */
export const NUMERICS = 3;

const count = z.int().min(0);

const settingsSchema = z.object({
  numerics: count,
  dataset: cellDatasetSchema,
  model: modelSchema,
  optimizer: cellOptimizerSchema,
  schedule: scheduleSchema,
  epochs: count,
  batchSize: count,
  warmup: z.number().min(0),
  recordDecay: z.boolean(),
  lr: z.number().positive(),
  wd: z.number().min(0),
  seed: count,
  /** The backend that computes, resolved (never `auto`), and its threads: float sums depend on both. */
  backend: z.string().regex(/^[a-z0-9-]{1,40}$/),
  threads: count,
  /** Whether XLA compiles the steps; absent where it does not. */
  xla: z.literal(true).optional(),
});

/** Everything that decides a run's numbers, and nothing else. Its hash is the cell's identity. */
export const cellSchema = settingsSchema.extend({
  /** First 16 hex digits of the sha256 of the rest, see `identify`. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
});
export type Cell = Readonly<z.infer<typeof cellSchema>>;

/** What cells of one optimizer have in common: all but lr, wd and seed. */
export const templateSchema = settingsSchema.omit({ lr: true, wd: true, seed: true });

/** The cell whose identity is a hash of everything else in it: equal settings, equal id, on every machine. */
export function identify(settings: Omit<Cell, 'id'>): Cell {
  return { id: idOfSettings(settings), ...settings };
}

/** The id of whatever has these settings: equal settings, equal id. */
export const idOfSettings = (settings: object): string => idFrom(canonical(settings));

/** What differs between the cells of one optimizer's grid. */
type Point = Pick<Cell, 'lr' | 'wd' | 'seed'>;

/**
 * The ids of cells that differ only in `lr`, `wd` and `seed`, as `identify` gives them. The rest is serialised only
 * once: a grid may have a million cells.
 */
export function idsOf(shared: Omit<Cell, 'id' | keyof Point>): (point: Point) => string {
  const entries = Object.entries(shared)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, text: `${JSON.stringify(key)}:${canonical(value)}` }));
  // The hashed text has sorted keys: these are the keys before lr, between lr and seed, and so on.
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

/** Whether the id of a cell from outside matches its settings. */
export const hasValidId = ({ id, ...settings }: Cell): boolean => identify(settings).id === id;

/** JSON with sorted keys and without absent ones, so that equal settings have equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, of]) => of !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, of]) => `${JSON.stringify(key)}:${canonical(of)}`).join(',')}}`;
}
