/** `npm run bench`: training steps, workers and a sweep beside PyTorch. */
import { availableParallelism } from 'node:os';
import { loadBefore, machineFacts } from './machine.js';
import { measureSteps, type StepResult, type StepRow } from './measureSteps.js';
import { measureSweep } from './measureSweep.js';
import { measureWorker, type WorkerRow } from './measureWorker.js';
import type { BenchModel } from './models.js';
import { quietPeak } from './peak.js';
import { published } from './published.js';
import { median } from './statistics.js';
import { summarise, summariseThreads } from './summary.js';
import { stepsTable, sweepLine, threadsTable, workersTable } from './tables.js';
import { plainVariant } from './team.js';
import { writeResults } from './write.js';

export interface SpeedOptions {
  readonly models: readonly BenchModel[];
  readonly sweep: boolean;
  /** One short round. */
  readonly quick: boolean;
  /** Where results go; undefined prints them only. */
  readonly out: string | undefined;
}

const sizes = {
  quick: {
    plan: { rounds: 1, turn: 0.2, rest: 0, trial: { warm: 0, turn: 0.1, turns: 1 } },
    steps: 2,
    sweep: { rounds: 1, train: 200, test: 100, epochs: 1 },
  },
  full: {
    plan: { rounds: 5, turn: 1.2, rest: 1.5, trial: { warm: 3, turn: 0.6, turns: 2 } },
    steps: 10,
    sweep: { rounds: 3, train: 2000, test: 500, epochs: 3 },
  },
};

const progress = (text: string) => console.error(text);

/** Measures, prints, and writes. @throws Error where onednn or PyTorch does not train a network */
export async function benchSpeed({ models, sweep, quick, out }: SpeedOptions): Promise<void> {
  const size = quick ? sizes.quick : sizes.full;
  const load = loadBefore();
  const peak = await quietPeak(quick);
  const rows: StepRow[] = [];
  const workers: WorkerRow[] = [];
  const hellos: StepResult['hellos'] = {};
  let variant = plainVariant;
  for (const model of models) {
    const result = await measureSteps(model, size.plan, peak, progress);
    rows.push(...result.rows);
    Object.assign(hellos, result.hellos);
    if (model.name === 'cnn') variant = result.variant;
    workers.push(await measureWorker(model, size.steps, size.plan.turn));
  }
  const sweeps = sweep ? await measureSweep(size.sweep, variant, progress) : [];

  const peaks = rows.flatMap(({ peakGflops }) => peakGflops ?? []);
  const machine = machineFacts(
    load,
    hellos,
    peaks.length > 0 ? Math.round(median(peaks) * 10) / 10 : undefined,
  );
  const steps = models.flatMap(({ name }) => summarise(rows, name));
  const threads = summariseThreads(rows, availableParallelism());
  const parts = [stepsTable(steps), threadsTable(threads), workersTable(workers)];
  if (sweeps.length > 0) parts.push(sweepLine(sweeps));
  console.log(`\n${[...parts, JSON.stringify(machine, null, 2)].filter(Boolean).join('\n\n')}`);
  if (out === undefined) return;
  const summary = published({ steps, workers, threads, sweep: sweeps }, machine);
  await writeResults(out, { steps: rows, workers, sweep: sweeps }, machine, summary);
}
