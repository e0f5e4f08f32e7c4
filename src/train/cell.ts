/** A cell: one optimizer, learning rate, weight decay and seed; all that decides one training run's result. */
import { createHash } from 'node:crypto';
import type { DatasetSpec, ModelSpec, OptimizerSpec, Schedule } from '../config/schema.js';

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
  const id = createHash('sha256').update(canonical(settings)).digest('hex').slice(0, 16);
  return { id, ...settings };
}

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
