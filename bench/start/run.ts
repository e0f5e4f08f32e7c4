/** `npm run bench -- --start`: time and memory of commands that train nothing, as ratios to `node -e 0`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBefore } from '../speed/machine.js';
import { aligned, csvOf, markdown, writeFiles } from '../table.js';
import { peakMemoryOf, runToEnd } from './child.js';
import { prepareCommands, type Command } from './commands.js';
import { startTable, summariseStart, type StartRow } from './table.js';

const sizes = {
  quick: { rounds: 1, records: 200 },
  full: { rounds: 11, records: 2000 },
};

/** All commands in turn, round by round; time and memory in runs of their own. */
async function measure(commands: readonly Command[], rounds: number): Promise<StartRow[]> {
  const rows: StartRow[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { name, args } of commands) {
      const seconds = await runToEnd(args);
      rows.push({ command: name, round, seconds, peakBytes: await peakMemoryOf(args) });
    }
    console.error(`start: round ${round} of ${rounds}`);
  }
  return rows;
}

const csv = (rows: readonly StartRow[]) =>
  csvOf(
    rows.map((row) => ({
      command: row.command,
      round: row.round,
      seconds: row.seconds.toFixed(4),
      peak_bytes: row.peakBytes,
    })),
  );

/** Measures, prints, and writes start.csv and start.md. */
export async function benchStart(options: {
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {
  loadBefore();
  const { rounds, records } = options.quick ? sizes.quick : sizes.full;
  const folder = await mkdtemp(join(tmpdir(), 'adamw-bench-start-'));
  try {
    const rows = await measure(await prepareCommands(folder, records), rounds);
    const table = startTable(summariseStart(rows));
    console.log(aligned(table, 1));
    if (options.out !== undefined)
      await writeFiles(options.out, { 'start.csv': csv(rows), 'start.md': `${markdown(table)}\n` });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
