/** `npm run bench -- --tensorflow`: steps on the backend `tensorflow`, eager and recorded, beside tf.function. */
import { loadBefore } from '../speed/machine.js';
import type { BenchModel } from '../speed/models.js';
import { aligned, csvOf, markdown, writeFiles } from '../table.js';
import { casesOf } from './cases.js';
import { measureCase, type TurnRow } from './measure.js';
import { summariseTurns, turnsTable } from './table.js';

const sizes = {
  quick: { rounds: 1, warm: 0, turn: 0.1, rest: 0 },
  full: { rounds: 5, warm: 3, turn: 1.2, rest: 0.5 },
};

const csv = (rows: readonly TurnRow[]) =>
  csvOf(
    rows.map((row) => ({
      model: row.model,
      batch: row.batchSize,
      engine: row.engine,
      version: row.version,
      round: row.round,
      ms_per_step: row.msPerStep.toPrecision(5),
      images_per_second: ((1000 * row.batchSize) / row.msPerStep).toPrecision(5),
      peak_bytes: row.peakMemory,
    })),
  );

/** Measures with one thread, prints, and writes tensorflow.csv and tensorflow.md. */
export async function benchTensorflow(options: {
  readonly models: readonly BenchModel[];
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {
  loadBefore();
  const rows: TurnRow[] = [];
  for (const one of casesOf(options.models)) {
    rows.push(...(await measureCase(one, options.quick ? sizes.quick : sizes.full, console.error)));
    console.error(`${one.model.title}, batch ${one.batchSize}: done`);
  }
  if (rows.length === 0) throw new Error('No engine could train anything: see the notes above.');
  const table = turnsTable(summariseTurns(rows));
  console.log(aligned(table));
  if (options.out === undefined) return;
  await writeFiles(options.out, { 'tensorflow.csv': csv(rows), 'tensorflow.md': `${markdown(table)}\n` });
}
