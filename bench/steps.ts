/**
 * How fast training is here: `onednn`, `wasm` and `cpu` beside PyTorch.
 *
 *   npm run bench                 measures, prints, and writes results/bench (six minutes, on an idle machine)
 *   npm run bench -- --readme     and puts the ratios into README
 *   npm run bench -- --quick      one short round of everything, printed only: does the benchmark work?
 *   npm run bench -- --only mlp,cnn --no-sweep --out DIR
 *
 * docs/benchmarks.md says what is measured and how to read it.
 */
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadBefore, machineFacts } from './speed/machine.js';
import { measureSteps, type StepRow } from './speed/measureSteps.js';
import { measureSweep } from './speed/measureSweep.js';
import { measureWorker, type WorkerRow } from './speed/measureWorker.js';
import { models } from './speed/models.js';
import { buildPeak } from './speed/peak.js';
import { whenQuiet } from './speed/quiet.js';
import type { Variant } from './speed/process.js';
import { median } from './speed/statistics.js';
import { summarise } from './speed/summary.js';
import { readmeTable, stepsTable, sweepLine, workersTable } from './speed/tables.js';
import { rewriteReadme, writeResults } from './speed/write.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
    sweep: { type: 'boolean', default: true },
    only: { type: 'string' },
    out: { type: 'string' },
  },
  allowNegative: true,
});
const partial = options.quick || options.only !== undefined || !options.sweep;
if (options.readme && partial) {
  console.error('--readme is for a whole run: leave out --quick, --only and --no-sweep.');
  process.exit(2);
}
const chosen = models.filter(({ name }) => !options.only || options.only.split(',').includes(name));
if (chosen.length === 0) {
  console.error(`--only takes names out of ${models.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

const plan = options.quick ? { rounds: 1, turn: 0.2, rest: 0 } : { rounds: 5, turn: 1.2, rest: 1.5 };
const size = options.quick
  ? { rounds: 1, train: 200, test: 100, epochs: 1 }
  : { rounds: 3, train: 2000, test: 500, epochs: 3 };
const inRepository = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const progress = (text: string) => console.error(text);

const load = loadBefore();
const built = await buildPeak();
const peak = built && !options.quick ? whenQuiet(built, () => sleep(3000)) : built;
const steps: StepRow[] = [];
const workers: WorkerRow[] = [];
const versions: Partial<Record<string, string>> = {};
let sweepVariant: Variant = { layout: 'nchw', foreach: false };
for (const model of chosen) {
  const result = await measureSteps(model, plan, peak, progress);
  steps.push(...result.rows);
  Object.assign(versions, result.versions);
  if (model.name === 'cnn') sweepVariant = result.variant;
  workers.push(await measureWorker(model, options.quick ? 2 : 10, plan.turn));
}
const sweep = options.sweep ? await measureSweep(size, sweepVariant, progress) : [];

const peaks = steps.flatMap(({ peakGflops }) => (peakGflops === undefined ? [] : [peakGflops]));
const machine = machineFacts(
  load,
  versions,
  peaks.length > 0 ? Math.round(median(peaks) * 10) / 10 : undefined,
);
const summaries = chosen.flatMap(({ name }) => summarise(steps, name));
console.log(`\n${stepsTable(summaries)}\n\n${workersTable(workers)}\n`);
if (sweep.length > 0) console.log(`${sweepLine(sweep)}\n`);
console.log(JSON.stringify(machine, null, 2));

const out = options.out ?? (partial ? undefined : inRepository('results/bench'));
if (out !== undefined) await writeResults(out, { steps, workers, sweep }, machine);
if (options.readme)
  await rewriteReadme(inRepository('README.md'), readmeTable({ steps: summaries, workers, sweep }, machine));
