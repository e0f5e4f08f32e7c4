/** `adamw-bench eval`: the test loss and error of exported weights. */
import { Option, type Command } from 'commander';
import { BACKEND_NAMES } from '../../backends/backend.js';
import type { EvalFlags } from '../actions/eval.js';

const examples = `
Examples:
  adamw-bench eval w.safetensors
  adamw-bench eval w.safetensors --backend wasm --data-dir ~/data

On the backend that trained them (the default) the error equals the run's exactly.`;

export function addEval(program: Command, finish: (code: number) => void): void {
  program
    .command('eval')
    .description('measure exported weights on the test set of their data')
    .argument('<weights>', 'safetensors file, from `export` or a folder weights/')
    .option('--data-dir <dir>', 'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)')
    .option('--data <path>', 'where your own images or text lie, if they are its data')
    .addOption(
      new Option('--backend <name>', 'what computes (default: what trained them)').choices(BACKEND_NAMES),
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action(async (file: string, flags: EvalFlags) => {
      const { evaluateFile } = await import('../actions/eval.js');
      finish(await evaluateFile(file, flags));
    });
}
