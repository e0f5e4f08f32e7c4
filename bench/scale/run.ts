/** `npm run bench -- --scale`: time and memory of everything but training, for a thousand cells to a million. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadBefore } from '../speed/machine.js';
import { aligned, csvOf, markdown, writeFiles } from '../table.js';
import type { StageName } from './stages.js';
import { scaleTable, type ScaleRow } from './table.js';

const run = promisify(execFile);
const child = fileURLToPath(new URL('./child.ts', import.meta.url));

const measured: readonly StageName[] = ['expand', 'write', 'fill', 'read', 'resume', 'report', 'wide'];

/** Seconds after which a stage is given up, and those for which `write` appends. */
const limits = { quick: { stage: 120, write: 1 }, full: { stage: 600, write: 20 } };

/** Memory that a stage's JavaScript may take, MiB: more than Node would give it by itself. */
const heap = 12_288;

/** A stage in a process of its own; what it failed of, where it failed. */
async function measureStage(
  stage: StageName,
  asked: number,
  dir: string,
  { stage: limit, write }: { readonly stage: number; readonly write: number },
): Promise<ScaleRow> {
  const args = [`--max-old-space-size=${heap}`, '--import', 'tsx', child];
  try {
    const { stdout } = await run(process.execPath, [...args, stage, String(asked), dir, String(write)], {
      timeout: limit * 1000,
      killSignal: 'SIGKILL',
    });
    return { stage, asked, ...(JSON.parse(stdout.trim().split('\n').at(-1)!) as object) } as ScaleRow;
  } catch (error) {
    const { killed, stderr } = error as { killed?: boolean; stderr?: string };
    const words = (stderr ?? String(error)).trim().split('\n');
    const reason = words.find((line) => /Error|error/.test(line)) ?? words.at(-1)!;
    return { stage, asked, failure: killed ? `over ${limit} s` : reason.slice(0, 120) };
  }
}

async function measureSize(cells: number, limit: (typeof limits)['full']): Promise<ScaleRow[]> {
  const dir = await mkdtemp(join(tmpdir(), 'adamw-bench-scale-'));
  const rows: ScaleRow[] = [];
  try {
    for (const stage of measured) {
      const row = await measureStage(stage, cells, dir, limit);
      // It only makes what the next ones read, but without it they have nothing.
      if (stage !== 'fill') rows.push(row);
      else if (row.failure !== undefined) throw new Error(`The journal could not be made: ${row.failure}`);
    }
    return rows;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const csv = (rows: readonly ScaleRow[]) =>
  csvOf(
    rows.map((row) => ({
      cells: row.asked,
      stage: row.stage,
      done: row.cells ?? '',
      seconds: row.seconds?.toFixed(3) ?? '',
      cpu_seconds: row.cpuSeconds?.toFixed(3) ?? '',
      peak_bytes: row.peakBytes ?? '',
      file_bytes: row.bytes ?? '',
      failure: row.failure ?? '',
    })),
  );

/** Measures each size in turn, prints, and writes scale.csv and scale.md. */
export async function benchScale(options: {
  readonly sizes: readonly number[];
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {
  loadBefore();
  const rows: ScaleRow[] = [];
  for (const cells of options.sizes) {
    rows.push(...(await measureSize(cells, options.quick ? limits.quick : limits.full)));
    console.error(`scale: ${cells} cells done`);
  }
  const table = scaleTable(rows);
  console.log(aligned(table));
  if (options.out !== undefined)
    await writeFiles(options.out, { 'scale.csv': csv(rows), 'scale.md': `${markdown(table)}\n` });
}
