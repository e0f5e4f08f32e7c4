/** `adamw-bench run`: train what is missing of an experiment, and write tables, figures and report. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { experimentWarnings, type Experiment } from '../../config/index.js';
import { listGpus, visibleGpus } from '../../backends/gpus.js';
import { identityOf, isOnGpu } from '../../backends/identity.js';
import type { BackendReport } from '../../backends/index.js';
import { analyse, colorDepth, renderSummary, renderVerdict, writeReport } from '../../report/index.js';
import {
  StorageError,
  defaultWorkers,
  layout,
  moveOrChoose,
  reportFiles,
  requireOwn,
  runSweep,
  sweepFiles,
  type Executor,
  type SweepResult,
} from '../../runner/index.js';
import { loadNamed } from '../bundled.js';
import { isFailure } from '../../experiment/record.js';
import { explainingFiles } from '../../files/problem.js';
import { UsageError, exitCode } from '../exit.js';
import { pngNotice, weightsNotice } from '../notices.js';
import { interactiveStyle, progressDisplay, type ProgressStyle } from '../progress.js';
import { stopSignal } from '../signals.js';
import { duration, memorySize, wholeNumber } from '../units.js';

interface RunFlags {
  readonly set: readonly string[];
  readonly out?: string;
  readonly dataDir?: string;
  readonly workers?: number;
  readonly retries: number;
  readonly failFast?: boolean;
  readonly retryFailed?: boolean;
  readonly update?: boolean;
  readonly join?: boolean;
  readonly queue?: string | true;
  readonly stallTime: number;
  readonly shareLimit: number;
  readonly timeout: number;
  readonly hangTimeout: number;
  readonly timeBudget: number;
  readonly memoryLimit: number;
  readonly checkpointEvery: number;
  readonly checkpointEpochs: number;
  readonly keepWeights?: boolean;
  readonly figures: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  adamw-bench run configs/quick.yaml                    a first sweep, on generated images
  adamw-bench run configs/mnist.yaml --data-dir ~/data  MNIST from a folder of yours
  adamw-bench run configs/cifar-cpu.yaml --set train.epochs=3 --set train.seeds='[0,1,2]' --out results/short
  adamw-bench run configs/cifar.yaml --queue redis://10.0.0.5   on other machines, see adamw-bench worker --help
  adamw-bench run configs/cifar.yaml --time-budget 8h   as much as fits the night; run it again to go on

Running the same command again trains only what is missing. Ctrl-C stops after keeping checkpoints.
Exit codes: 0 done, 1 unexpected error, 2 refused (configuration, data, folder), 3 some cells failed,
130 stopped before the end.`;

/** Collects a repeatable option. */
export const collect = (value: string, previous: readonly string[]) => [...previous, value];

/** `--set`, none by default. */
export const setOption = (about: string) =>
  new Option('--set <path=value>', about).argParser(collect).default([], 'none');

/** A time with its default in seconds, and as help shows it. */
const time = (name: string, about: string, seconds: number, shown: string) =>
  new Option(`--${name} <time>`, about).argParser(duration).default(seconds, shown);

/** A size with its default in bytes, and as help shows it. */
const size = (name: string, about: string, bytes: number, shown: string) =>
  new Option(`--${name} <size>`, about).argParser(memorySize).default(bytes, shown);

/** Adds the command to the program. */
export function addRun(program: Command, finish: (code: number) => void): void {
  program
    .command('run')
    .description(
      'train every cell of a configuration that has no result yet, and write tables, figures, report',
    )
    .argument('<config>', 'YAML file, or the name of a configuration that `init --list` shows')
    .addOption(setOption('override a setting, e.g. train.epochs=2 (repeatable)'))
    .option('-o, --out <dir>', 'results folder (default: results/<name>)')
    .option('--data-dir <dir>', 'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)')
    .option('-w, --workers <n>', 'worker processes (default: one per core, or per GPU)', wholeNumber(1))
    .option('--retries <n>', 'how often a failed cell is tried again', wholeNumber(0), 1)
    .option('--fail-fast', 'stop at the first cell that fails')
    .option('--retry-failed', 'train cells recorded as failed or timed out once more')
    .option('--update', 'use a results folder of another configuration, keeping the cells that are in both')
    .option('--join', 'share the work of another run in the same results folder')
    .option(
      '--queue [redis]',
      'let workers on any machine train, over Redis (default address: $ADAMW_BENCH_REDIS)',
    )
    .addOption(time('stall-time', 'with --queue: a worker silent for longer loses its cell', 60, '60s'))
    .addOption(
      size(
        'share-limit',
        'with --queue: largest checkpoint that goes through Redis; 0: none',
        64 * 2 ** 20,
        '64M',
      ),
    )
    .addOption(time('timeout', 'longest time for one cell, e.g. 30m', 0, 'none'))
    .addOption(time('hang-timeout', 'a worker silent for longer is restarted', 600, '10m'))
    .addOption(time('time-budget', 'stop cleanly after this time, e.g. 2h', 0, 'none'))
    .addOption(size('memory-limit', 'most memory for one worker, e.g. 4G', 0, 'none'))
    .addOption(
      time('checkpoint-every', 'keep a checkpoint of a running cell this often; 0: never', 60, '60s'),
    )
    .addOption(
      new Option('--checkpoint-epochs <n>', 'keep one after every n-th epoch as well; 0: never')
        .argParser(wholeNumber(0))
        .default(0, 'never'),
    )
    .option('--keep-weights', 'keep the final weights of each cell trained, for `export` and `eval`')
    .option('--no-figures', 'write the CSVs only, no figures and no report')
    .option('-q, --quiet', 'print nothing but errors')
    .option('--json', 'print events as JSON lines')
    .addHelpText('after', examples)
    .action(async (config: string, flags: RunFlags) => finish(await run(config, flags)));
}

async function run(config: string, flags: RunFlags): Promise<number> {
  const experiment = loadNamed(config, { set: flags.set }, flags.quiet);
  if (flags.out === '') throw new UsageError('--out is empty: name a folder, or leave the option out.');
  const dir = flags.out ?? join('results', experiment.name);
  await explainingFiles(dir, () => requireOwn(dir, writtenFiles(flags), moveOrChoose), {
    remedy: 'Choose another folder with --out.',
  });
  const executor = await executorOf(dir, flags);
  const display = progressDisplay(styleOf(flags));
  for (const warning of experimentWarnings(experiment)) display.onNotice?.(warning);
  const stop = stopSignal(flags.timeBudget, 'keeping checkpoints, then stopping', () => display.end());
  let result: SweepResult | undefined;
  try {
    result = await runSweep(
      experiment,
      {
        dir,
        dataDir: flags.dataDir,
        workers: flags.workers ?? experiment.workers ?? ((backend) => workersFor(backend, experiment)),
        retries: flags.retries,
        failFast: flags.failFast ?? false,
        retryFailed: flags.retryFailed ?? false,
        configFile: config,
        update: flags.update ?? false,
        join: flags.join ?? false,
        limits: { timeout: flags.timeout, hang: flags.hangTimeout, memory: flags.memoryLimit },
        policy: { epochs: flags.checkpointEpochs, seconds: flags.checkpointEvery },
        keepWeights: flags.keepWeights ?? false,
        ...(executor ? { executor } : {}),
        command: commandLine(config, flags),
        signal: stop.signal,
      },
      display,
    );
  } finally {
    display.end();
    stop.release();
  }
  if (result) return conclude(experiment, dir, result, flags);
  if (!flags.quiet)
    console.error('Stopped before any cell was trained. Run the same command again to go on.');
  return exitCode.interrupted;
}

/** All files that the command may write, so that a folder is refused before anything is trained. */
const writtenFiles = (flags: RunFlags) => [...sweepFiles, ...reportFiles(flags)];
/** Worker processes if nobody has said how many: one for each visible GPU, else as many as fill the CPU. */
const workersFor = (backend: BackendReport, { threads }: Experiment): number =>
  isOnGpu(identityOf(backend))
    ? Math.max(1, visibleGpus(listGpus(), process.env['CUDA_VISIBLE_DEVICES']).length)
    : defaultWorkers(threads);

/** The queue's coordinator where one is asked for. */
async function executorOf(dir: string, flags: RunFlags): Promise<Executor | undefined> {
  if (flags.queue === undefined) return undefined;
  if (flags.join) {
    throw new UsageError(
      '--join and --queue exclude each other: more machines join a queue with `adamw-bench worker`.',
    );
  }
  if (flags.stallTime < 1) throw new UsageError('--stall-time must be a second or more.');
  const { findAddress, queueExecutor } = await import('../../queue/index.js');
  return queueExecutor({
    address: findAddress(flags.queue === true ? undefined : flags.queue),
    dir,
    stall: flags.stallTime,
    shareBytes: flags.shareLimit,
  });
}

/** Writes what the sweep has led to, and says so. */
async function conclude(
  experiment: Experiment,
  dir: string,
  result: SweepResult,
  flags: RunFlags,
): Promise<number> {
  const { records, manifest, interrupted, failedFast, jobs } = result;
  const input = { records, experiment, manifest: { ...manifest }, command: manifest.command };
  const write = async () => {
    // Once more: hours may have passed.
    await requireOwn(dir, reportFiles(flags), moveOrChoose);
    return writeReport(dir, input, flags);
  };
  const paths = records.length > 0 ? await tellingHowToReport(dir, write) : [];
  const talk = !flags.quiet && !flags.json;
  if (talk && records.length > 0) {
    const width = process.stdout.columns ?? 100;
    console.log(renderSummary(records, { color: colorDepth(process.stdout, process.env), width }));
    console.log(`\n${renderVerdict(analyse(input).verdict, width)}`);
    console.log(['', ...paths.filter((path) => /\.(csv|html)$/.test(path))].join('\n'));
    const { weights } = layout(dir);
    const kept = flags.keepWeights ? await readdir(weights).catch(() => []) : undefined;
    for (const notice of [pngNotice(paths), kept && weightsNotice(records, kept, weights)]) {
      if (notice) console.error(notice);
    }
  }
  const failed = records.filter(isFailure).length;
  if (talk && failed > 0) {
    console.error(
      `${failed} of ${jobs.length} cells failed; their reasons are in runs.csv. Add --retry-failed to try them again.`,
    );
  }
  if (interrupted) {
    if (!flags.quiet)
      console.error(
        `Stopped${failedFast ? ' (--fail-fast)' : ''} with ${records.length} of ${jobs.length} cells done. Run the same command again to go on.`,
      );
    if (!failedFast) return exitCode.interrupted;
  }
  return failed > 0 ? exitCode.cellsFailed : exitCode.ok;
}

/** The results are in the journal; tables and figures can be had from it at any time. */
async function tellingHowToReport<T>(dir: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StorageError(
      `${why}\nThe results are safe in ${join(dir, 'runs.jsonl')}. To write tables and figures from them: adamw-bench report ${dir}`,
      { cause: error },
    );
  }
}

function styleOf({ quiet, json }: RunFlags): ProgressStyle {
  if (quiet) return 'quiet';
  if (json) return 'json';
  return interactiveStyle();
}

/** The command that gives these results again, without options that change none of them. */
function commandLine(config: string, { set, out }: RunFlags): string {
  const quote = (text: string) => (/^[\w./=:,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  const options = [...set.flatMap((value) => ['--set', quote(value)]), ...(out ? ['--out', quote(out)] : [])];
  return ['adamw-bench run', quote(config), ...options].join(' ');
}
