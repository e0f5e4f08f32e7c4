/** The command line: arguments in, an exit code out. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../sweep/version.js';
import { ReportedError } from '../errors/reported.js';
import { exitCode } from './exit.js';

const examples = `
Examples:
  adamw-bench run configs/quick.yaml      a first sweep on generated images, in a minute or two
  adamw-bench doctor                      what computes here, and what could
  adamw-bench init mine.yaml              a commented configuration to start from
  adamw-bench report results/quick --serve`;

type Add = (program: Command, finish: (code: number) => void) => void;

/** The commands, each loaded only where it is called for (or help is): TensorFlow.js alone takes half a second. */
const commands: readonly { readonly names: readonly string[]; load(): Promise<Add> }[] = [
  { names: ['run'], load: async () => (await import('./commands/run.js')).addRun },
  { names: ['plan'], load: async () => (await import('./commands/plan.js')).addPlan },
  { names: ['report', 'compare'], load: async () => (await import('./commands/report.js')).addReport },
  { names: ['data'], load: async () => (await import('./commands/data.js')).addData },
  { names: ['setup'], load: async () => (await import('./commands/setup.js')).addSetup },
  { names: ['doctor'], load: async () => (await import('./commands/doctor.js')).addDoctor },
  { names: ['init'], load: async () => (await import('./commands/init.js')).addInit },
  { names: ['export'], load: async () => (await import('./commands/export.js')).addExport },
  { names: ['eval'], load: async () => (await import('./commands/eval.js')).addEval },
  { names: ['worker'], load: async () => (await import('./commands/worker.js')).addWorker },
  { names: ['queue'], load: async () => (await import('./commands/queue.js')).addQueue },
];

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
  const called = commands.filter(({ names }) => names.includes(argv[2] ?? ''));
  for (const { load } of called.length > 0 ? called : commands) (await load())(program, finish);
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
  if (error instanceof ReportedError) {
    console.error(error.message);
    return error.exitCode;
  }
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCode.unexpected;
}
