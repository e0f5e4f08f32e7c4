/** What `adamw-bench export` does. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, explainingFiles } from '../../files/problem.js';
import { layout } from '../../runner/index.js';
import { decodeWeights } from '../../train/weights.js';
import { UsageError, exitCode } from '../exit.js';
import { requireFree, writeOutput } from '../outputFile.js';
import { readRecords } from '../results.js';

export interface ExportFlags {
  readonly cell: string;
  readonly out: string;
  readonly force?: boolean;
}

/** Writes a cell's final weights to a file; returns the exit code. */
export async function exportCell(dir: string, { cell, out, force = false }: ExportFlags): Promise<number> {
  await requireFree(out, force);
  const records = await readRecords(dir);
  const matches = records.filter((record) => record.cell.id.startsWith(cell));
  if (matches.length !== 1) {
    const what = matches.length === 0 ? 'no cell' : `${matches.length} cells`;
    throw new UsageError(`${dir} has ${what} whose id begins with ${cell}. Take one from its runs.csv.`);
  }
  const { cell: found, status } = matches[0]!;
  const file = join(layout(dir).weights, `${found.id}.safetensors`);
  const bytes = await explainingFiles(file, () =>
    readFile(file).catch((error: unknown) => {
      if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
      return undefined;
    }),
  );
  if (!bytes) {
    throw new UsageError(
      status === 'ok'
        ? `${dir} holds no weights of cell ${found.id}: train it with --keep-weights, into another folder with --out.`
        : `Cell ${found.id} has no weights: it ended as ${status}.`,
    );
  }
  try {
    decodeWeights(bytes);
  } catch (error) {
    throw new UsageError(`${file} cannot be used: ${(error as Error).message}.`);
  }
  await writeOutput(out, bytes, force);
  console.log(out);
  return exitCode.ok;
}
