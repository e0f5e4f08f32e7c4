/** The command line: arguments in, an exit code out. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/index.js';
import { DataError } from '../data/index.js';
import { BackendError } from '../backends/index.js';
import { DirectoryError, StorageError, WorkerFailure, packageVersion } from '../sweep/index.js';
import { addData } from './commands/data.js';
import { addDoctor } from './commands/doctor.js';
import { addEval } from './commands/eval.js';
import { addExport } from './commands/export.js';
import { addInit } from './commands/init.js';
import { addPlan } from './commands/plan.js';
import { addReport } from './commands/report.js';
import { addRun } from './commands/run.js';
import { UsageError, exitCode } from './exit.js';

const examples = `
Examples:
  adamw-bench run configs/quick.yaml      a first sweep on generated images, in a minute or two
  adamw-bench doctor                      what computes here, and what could
  adamw-bench init mine.yaml              a commented configuration to start from
  adamw-bench report results/quick --serve`;

/** Errors whose message is for the user: no stack trace. */
const refusals = [ConfigError, DataError, BackendError, DirectoryError, UsageError];
/** The same, of machines that fail. */
const mishaps = [StorageError, WorkerFailure];

/** A reader that has gone (`| head`, a closed terminal) does not end a sweep. */
function surviveLostReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
}

/** Runs a command line (as process.argv) and returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  surviveLostReaders();
  let code: number = exitCode.ok;
  const finish = (value: number) => (code = value);
  const program = new Command('adamw-bench')
    .description(
      'A laboratory for decoupled weight decay: is AdamW better than Adam with L2, and are lr and wd independent?',
    )
    .version(packageVersion)
    .addHelpText('after', examples)
    .showHelpAfterError('(add --help for the options and examples)')
    .exitOverride();
  for (const add of [addRun, addPlan, addReport, addData, addDoctor, addInit, addExport, addEval])
    add(program, finish);
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): number {
  // Commander has printed its message, or the help or version that were asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.refused;
  if (refusals.some((type) => error instanceof type)) {
    console.error((error as Error).message);
    return exitCode.refused;
  }
  if (mishaps.some((type) => error instanceof type)) {
    console.error((error as Error).message);
    return exitCode.unexpected;
  }
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCode.unexpected;
}
