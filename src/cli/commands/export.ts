/** `adamw-bench export`: the final weights of one cell, as a file for other programs. */
import type { Command } from 'commander';
import { forceOption } from '../options.js';
import type { ExportFlags } from '../actions/export.js';

const examples = `
Example:
  adamw-bench run configs/quick.yaml --keep-weights
  adamw-bench export results/quick --cell 0123456789abcdef --out w.safetensors

Cell ids are in the column "cell" of runs.csv. docs/weights.md describes the tensors.`;

export function addExport(program: Command, finish: (code: number) => void): void {
  program
    .command('export')
    .description("write a cell's final weights as a safetensors file")
    .argument('<dir>', 'results folder of a run with --keep-weights')
    .requiredOption('--cell <id>', 'the cell: its id in runs.csv, or a unique beginning of it')
    .requiredOption('-o, --out <file>', 'file to write')
    .option(...forceOption)
    .addHelpText('after', examples)
    .action(async (dir: string, flags: ExportFlags) => {
      const { exportCell } = await import('../actions/export.js');
      finish(await exportCell(dir, flags));
    });
}
