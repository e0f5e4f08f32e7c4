/**
 * How long the report of a large sweep takes, and how much memory: 10,000 cells of 100 epochs.
 * The goal is under 20 s and 1 GiB. Run by `npm run bench:report`; `-- 1000 30` sets cells and epochs.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { writeReport } from '../src/report/index.js';
import { powers, sweepRecords } from '../test/report/records.js';

const [cells = 10_000, epochs = 100] = process.argv.slice(2).map(Number);
/** Two optimizers, two seeds: a square grid of a quarter of the cells. */
const side = Math.max(2, Math.round(Math.sqrt(cells / 4)));
const spaced = (from: number, count: number): number[] =>
  powers(0, count).map((_, i) => 2 ** (from + (i * 12) / count));

const records = sweepRecords({
  lrs: spaced(-13, side),
  wds: spaced(-15, side),
  seeds: [0, 1],
  epochs,
  decay: true,
});
const before = process.memoryUsage().rss;
const dir = await mkdtemp(join(tmpdir(), 'adamw-bench-report-'));
const start = performance.now();
try {
  const input = { records, experiment: null, manifest: {}, command: 'adamw-bench run large.yaml' };
  const paths = await writeReport(dir, input);
  const seconds = (performance.now() - start) / 1000;
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  console.log(`${String(records.length)} cells x ${String(epochs)} epochs: ${seconds.toFixed(1)} s`);
  console.log(
    `peak memory ${mebibytes(process.resourceUsage().maxRSS * 1024)}, of which the records ${mebibytes(before)}`,
  );
  for (const path of paths.filter((p) => /html|csv/.test(p)))
    console.log(`${path.slice(dir.length + 1)} ${mebibytes((await stat(path)).size)}`);
} finally {
  if (process.env['KEEP'] === undefined) await rm(dir, { recursive: true });
  else console.log(dir);
}
