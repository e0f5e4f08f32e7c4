/** `adamw-bench import`: the statistics for sweeps that other programs trained. */
import { Option, type Command } from 'commander';
import type { ImportFlags } from '../actions/import.js';
import { numberFromZero } from '../units.js';

const examples = `
Examples:
  adamw-bench import sweep.csv --column lr=eta --column wd=lambda --unit percent
                                         a CSV, one row a run; columns that are not named are guessed and shown
  adamw-bench import wandb_export.csv    Weights & Biases: in the table of runs, "Export table as CSV"
  mlflow experiments csv -x 1 -o runs.csv && adamw-bench import runs.csv --out results/mlflow
                                         MLflow
  adamw-bench import optuna.db --study mnist --column optimizer=params_opt
                                         Optuna: the SQLite file of a storage

Then: adamw-bench report DIR. Columns that can be named: optimizer, lr, wd, seed, status, train-loss, and one of error,
accuracy and loss. docs/import.md says how they are guessed.
Exit codes: 0 done, 1 unexpected error, 2 refused (file, columns, rows, folder).`;

/** Collects a repeatable option. */
const collect = (value: string, previous: readonly string[]) => [...previous, value];

export function addImport(program: Command, finish: (code: number) => void): void {
  program
    .command('import')
    .description("make a results folder from another program's sweep, for report and compare")
    .argument('<file>', 'CSV (any, of Weights & Biases or of MLflow), or SQLite file of an Optuna storage')
    .option('-o, --out <dir>', 'results folder (default: results/<name of the file>)')
    .addOption(
      new Option('--column <what=name>', 'the column of a quantity, e.g. lr=eta (repeatable)')
        .argParser(collect)
        .default([], 'guessed'),
    )
    .addOption(
      new Option('--unit <unit>', 'unit of errors and accuracies (default: guessed)').choices([
        'percent',
        'fraction',
      ]),
    )
    .option('--optimizer <name>', 'the optimizer, where no column names it')
    .option(
      '--chance <value>',
      'what diverged runs count as: the error of guessing as a share, or a loss',
      numberFromZero('0.9'),
    )
    .addOption(
      new Option('--study <name>', 'study of an Optuna storage (repeatable)')
        .argParser(collect)
        .default([], 'the only one'),
    )
    .addOption(
      new Option('--bad-rows <what>', 'what to do with rows that lack a number or repeat a setting')
        .choices(['refuse', 'skip'])
        .default('refuse'),
    )
    .option('--dry-run', 'show what would be imported, and write nothing')
    .option('--force', 'replace an earlier import in the folder')
    .addHelpText('after', examples)
    .action(async (file: string, flags: ImportFlags) => {
      const { importFile } = await import('../actions/import.js');
      finish(await importFile(file, flags));
    });
}
