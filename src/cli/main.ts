/** The command line: arguments in, an exit code out. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../files/version.js';
import { ReportedError } from '../errors/reported.js';
import { redactAddresses } from './redactAddresses.js';
import { requireOpenFiles, tooManyFiles } from '../files/openFiles.js';
import { surviveLostOutput } from '../files/output.js';
import { onUnflushable } from '../files/flush.js';
import { exitCode } from './exit.js';
import { surviveHangUp } from './signals.js';

const examples = `
Examples:
  adamw-bench run configs/quick.yaml      a first sweep on generated images, in a minute or two
  adamw-bench doctor                      which backends work here, and what the others need
  adamw-bench init mine.yaml              a commented configuration to start from
  adamw-bench report results/quick --serve`;

type Add = (program: Command, finish: (code: number) => void) => void;

/**
 * The commands. Their files (commands/) hold names, options and help, and load what a command does (actions/) when it
 * is called: the libraries behind one take up to a second, which no help should wait for.
 */
const commands: readonly { readonly names: readonly string[]; load(): Promise<Add> }[] = [
  { names: ['run'], load: async () => (await import('./commands/run.js')).addRun },
  { names: ['plan'], load: async () => (await import('./commands/plan.js')).addPlan },
  { names: ['report', 'compare'], load: async () => (await import('./commands/report.js')).addReport },
  { names: ['import'], load: async () => (await import('./commands/import.js')).addImport },
  { names: ['convert'], load: async () => (await import('./commands/convert.js')).addConvert },
  { names: ['data'], load: async () => (await import('./commands/data.js')).addData },
  { names: ['setup'], load: async () => (await import('./commands/setup.js')).addSetup },
  { names: ['doctor'], load: async () => (await import('./commands/doctor.js')).addDoctor },
  { names: ['init'], load: async () => (await import('./commands/init.js')).addInit },
  { names: ['export'], load: async () => (await import('./commands/export.js')).addExport },
  { names: ['eval'], load: async () => (await import('./commands/eval.js')).addEval },
  { names: ['worker'], load: async () => (await import('./commands/worker.js')).addWorker },
  { names: ['queue'], load: async () => (await import('./commands/queue.js')).addQueue },
];

/** `main` as a process: also handles what happens outside the command's own calls. */
export async function start(argv: readonly string[]): Promise<number> {
  surviveLostOutput();
  surviveHangUp();
  process.on('uncaughtException', (error) => process.exit(explain(error, argv)));
  return main(argv);
}

/** Runs a command line (as process.argv) and returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  onUnflushable((text) => console.error(`note: ${text}`));
  let code: number = exitCode.ok;
  const finish = (value: number) => (code = value);
  const program = new Command('adamw-bench')
    .description(
      'A laboratory for decoupled weight decay: is AdamW better than Adam with L2, and are lr and wd independent?',
    )
    .version(packageVersion)
    .addHelpText('after', examples)
    .showHelpAfterError('(add --help for the options and examples)')
    .configureOutput({ outputError: (text, write) => write(redactAddresses(text, argv)) })
    .exitOverride();
  try {
    requireOpenFiles();
    await addCommands(program, argv[2], finish);
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    return explain(error, argv);
  }
}

/** Adds the command that is called; all of them for help and for unknown commands; none for the version. */
async function addCommands(program: Command, name = '', finish: (code: number) => void): Promise<void> {
  if (name === '--version' || name === '-V') return;
  const called = commands.filter(({ names }) => names.includes(name));
  for (const { load } of called.length > 0 ? called : commands) (await load())(program, finish);
  for (const command of program.commands) command.exitOverride();
}

function explain(error: unknown, argv: readonly string[]): number {
  // Commander has printed its message, the help or the version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.refused;
  const reported = error instanceof ReportedError ? error : tooManyFiles(error);
  if (reported) {
    console.error(redactAddresses(reported.message, argv));
    return reported.exitCode;
  }
  console.error(
    redactAddresses(error instanceof Error ? (error.stack ?? error.message) : String(error), argv),
  );
  return exitCode.unexpected;
}
