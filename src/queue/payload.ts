/**
 * What travels through Redis, and its validation on arrival. The sweep's description is stored once, and a job carries
 * only what differs from cell to cell. A job is accepted only if the cell rebuilt from both has the job's id.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { experimentToYaml, type Experiment } from '../config/index.js';
import { withoutPath } from '../experiment/ownData.js';
import { datasetSchema } from '../experiment/specs.js';
import type { Job } from '../experiment/plan.js';
import { identify, templateSchema, type Cell } from '../experiment/cell.js';
import { resultSchema, type RunRecord } from '../experiment/record.js';
import { printable } from '../experiment/printable.js';

const count = z.int().min(0);
const seconds = z.number().min(0);

export const sweepSpecSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().max(100).transform(printable),
  /** Of the coordinator's package: workers of another version leave the sweep alone. */
  version: z.string().max(100).transform(printable),
  numerics: count,
  /** Of the data, sha256. */
  fingerprint: z.string().max(200).transform(printable),
  dataset: datasetSchema,
  backend: z.string().max(40).transform(printable),
  threads: count,
  variants: z
    .array(z.strictObject({ label: z.string().max(200).transform(printable), cell: templateSchema }))
    .min(1),
  policy: z.strictObject({ epochs: count, seconds }),
  limits: z.strictObject({ timeout: seconds, hang: seconds, memory: count }),
  /** A worker silent for longer loses its cell, milliseconds. */
  stall: z
    .int()
    .min(1000)
    // What Node's timers take.
    .max(2 ** 31 - 1),
  /** Largest checkpoint that travels through Redis, bytes; 0: none does. */
  shareBytes: count,
  keepWeights: z.boolean(),
});

/** All that a sweep's jobs have in common. */
export type SweepSpec = z.infer<typeof sweepSpecSchema>;

const jobDataSchema = z.strictObject({
  /** Index into the sweep's variants. */
  v: count,
  lr: z.number().positive(),
  wd: z.number().min(0),
  seed: count,
});
export type JobData = z.infer<typeof jobDataSchema>;

/** BullMQ refuses ids that look like whole numbers, as a hash may. */
export const jobIdOf = (cellId: string) => `c${cellId}`;
export const cellIdOf = (jobId: string | undefined) => (jobId ?? '').slice(1);

/** The experiment's queue: the same for the same configuration, data, backend and version. */
export function queueNameOf(experiment: Experiment, about: readonly (string | number)[]): string {
  const essence = experimentToYaml({
    ...withoutPath(experiment),
    workers: undefined,
    description: '',
    endpoints: undefined,
  });
  const hash = createHash('sha256')
    .update(JSON.stringify([essence, ...about]))
    .digest('hex');
  return `${experiment.name}-${hash.slice(0, 12)}`;
}

/** Takes cells apart into variants, which it collects, and what a job carries. */
export function jobPacker(): {
  readonly variants: SweepSpec['variants'];
  pack(job: Job): { cellId: string; data: JobData };
} {
  const variants: SweepSpec['variants'] = [];
  const known = new Map<string, number>();
  return {
    variants,
    pack({ cell, label }) {
      const { id: cellId, lr, wd, seed, ...template } = cell;
      const key = JSON.stringify([label, template]);
      let v = known.get(key);
      if (v === undefined) {
        v = variants.push({ label, cell: template }) - 1;
        known.set(key, v);
      }
      return { cellId, data: { v, lr, wd, seed } };
    },
  };
}

/**
 * The job that a message means.
 * @throws Error where the message is malformed or describes another cell than its id says
 */
export function unpackJob(spec: SweepSpec, jobId: string | undefined, data: unknown): Job {
  const parsed = jobDataSchema.safeParse(data);
  if (!parsed.success) throw new Error(`its content is malformed (${firstIssue(parsed.error)})`);
  const { v, lr, wd, seed } = parsed.data;
  const variant = spec.variants[v];
  if (!variant) throw new Error(`it asks for variant ${v}, and the sweep has ${spec.variants.length}`);
  const cell = identify({ ...(variant.cell as Omit<Cell, 'id' | 'lr' | 'wd' | 'seed'>), lr, wd, seed });
  if (cell.id !== cellIdOf(jobId)) throw new Error('its content does not have the identity that its id says');
  return { cell, label: variant.label };
}

/** What a worker returns for a cell. */
export function packResult({ cell, ...record }: RunRecord): object {
  const result: Record<string, unknown> = { ...record, cell: cell.id };
  delete result.label;
  return result;
}

/**
 * The record that a worker's message means for a job.
 * @throws Error where it is malformed or about another cell
 */
export function unpackResult(job: Job, value: unknown): RunRecord {
  const parsed = resultSchema.safeParse(value);
  if (!parsed.success) throw new Error(firstIssue(parsed.error));
  const { cell, ...result } = parsed.data;
  if (cell !== job.cell.id) throw new Error(`it is about cell ${cell}`);
  if (result.status === 'ok' && result.epochs.length !== job.cell.epochs) {
    throw new Error(`it has ${result.epochs.length} epochs instead of ${job.cell.epochs}`);
  }
  if (result.epochs.some(({ epoch }, i) => epoch !== i + 1)) throw new Error('its epochs are out of order');
  return { cell: job.cell, label: job.label, ...result } as RunRecord;
}

/** What a worker adds to a failed attempt: how long it took, in seconds by a clock that nobody sets. */
export const attemptSchema = z.strictObject({ spent: z.number().min(0) });
export type Attempt = z.infer<typeof attemptSchema>;

const firstIssue = (error: z.ZodError): string => {
  const { path, message } = error.issues[0]!;
  return path.length > 0 ? `${path.join('.')}: ${message}` : message;
};

/** Parses a sweep's description; undefined with the reason where it is malformed. */
export function parseSpec(text: string): { spec: SweepSpec } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'its description is not JSON' };
  }
  const parsed = sweepSpecSchema.safeParse(value);
  return parsed.success
    ? { spec: parsed.data }
    : { problem: `its description is malformed (${firstIssue(parsed.error)})` };
}
