/** `adamw-bench export`: the final weights of one cell, as a file for other programs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { errnoOf, explainingFiles } from '../../files/problem.js';
import { layout } from '../../runner/index.js';
import { decodeWeights } from '../../train/weights.js';
import { UsageError, exitCode } from '../exit.js';
import { forceOption, requireFree, writeOutput } from '../outputFile.js';
import { readRecords } from '../results.js';

interface ExportFlags {
  readonly cell: string;
  readonly out: string;
  readonly force?: boolean;
}

const examples = `
Example:
  adamw-bench run configs/quick.yaml --keep-weights
  adamw-bench export results/quick --cell 0123456789abcdef --out w.safetensors

Cell ids are the column "cell" of runs.csv; a unique beginning of one is enough. Tensors: docs/weights.md.`;

export function addExport(program: Command, finish: (code: number) => void): void {
  program
    .command('export')
    .description("write a cell's final weights as a safetensors file")
    .argument('<dir>', 'results folder of a run with --keep-weights')
    .requiredOption('--cell <id>', 'the cell')
    .requiredOption('-o, --out <file>', 'file to write')
    .option(...forceOption)
    .addHelpText('after', examples)
    .action(async (dir: string, flags: ExportFlags) => finish(await exportCell(dir, flags)));
}

async function exportCell(dir: string, { cell, out, force = false }: ExportFlags): Promise<number> {
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
