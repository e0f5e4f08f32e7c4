/** What `adamw-bench run` does. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { experimentWarnings, type Experiment } from '../../config/index.js';
import { identityOf } from '../../backends/identity.js';
import {
  analyse,
  colorDepth,
  preloadDrawing,
  renderConfirmation,
  renderSummary,
  renderVerdict,
  writeReport,
} from '../../report/index.js';
import {
  StorageError,
  defaultWorkers,
  endpointsOf,
  layout,
  moveOrChoose,
  reportFiles,
  requireOwn,
  runSweep,
  sweepFiles,
  type Executor,
  type SweepEvents,
  type SweepResult,
} from '../../runner/index.js';
import { loadWithData } from '../ownData.js';
import { isFailure } from '../../experiment/record.js';
import { explainingFiles } from '../../files/problem.js';
import { UsageError, exitCode } from '../exit.js';
import { pngNotice, weightsNotice } from '../notices.js';
import { interactiveStyle, progressDisplay, type ProgressStyle } from '../progress.js';
import { stopSignal } from '../signals.js';

export interface RunFlags {
  readonly set: readonly string[];
  readonly out?: string;
  readonly dataDir?: string;
  readonly workers?: number;
  readonly retries: number;
  readonly failFast?: boolean;
  readonly retryFailed?: boolean;
  readonly update?: boolean;
  readonly amendEndpoints?: boolean;
  readonly chooseAgain?: boolean;
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

/** Trains what is missing; returns the exit code. */
export async function run(config: string, flags: RunFlags): Promise<number> {
  checkFlags(flags);
  const experiment = await loadWithData(
    config,
    { set: flags.set },
    {
      dataDir: flags.dataDir,
      style: styleOf(flags),
    },
  );
  const dir = flags.out ?? join('results', experiment.name);
  await explainingFiles(dir, () => requireOwn(dir, writtenFiles(flags, experiment), moveOrChoose), {
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
        workers:
          flags.workers ??
          experiment.workers ??
          ((backend) => defaultWorkers(identityOf(backend), experiment.threads)),
        retries: flags.retries,
        failFast: flags.failFast ?? false,
        retryFailed: flags.retryFailed ?? false,
        configFile: config,
        update: flags.update ?? false,
        amendEndpoints: flags.amendEndpoints ?? false,
        chooseAgain: flags.chooseAgain ?? false,
        join: flags.join ?? false,
        limits: { timeout: flags.timeout, hang: flags.hangTimeout, memory: flags.memoryLimit },
        policy: { epochs: flags.checkpointEpochs, seconds: flags.checkpointEvery },
        keepWeights: flags.keepWeights ?? false,
        ...(executor ? { executor } : {}),
        command: commandLine(config, flags),
        signal: stop.signal,
      },
      flags.figures ? preloadingAtEnd(display) : display,
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

/**
 * The same events, which also have the libraries of the figures loaded while the last cells train: from when a core has
 * nothing to do.
 */
function preloadingAtEnd(events: SweepEvents): SweepEvents {
  let left = 0;
  let busy = 0;
  return {
    ...events,
    onPlan(plan) {
      left = plan.missing.length;
      busy = plan.workers ?? 0;
      events.onPlan?.(plan);
    },
    onRecord(record, slot) {
      left--;
      if (left === busy - 1) void preloadDrawing();
      events.onRecord?.(record, slot);
    },
  };
}

/** All files that the command may write, so that a folder is refused before anything is trained. */
const writtenFiles = (flags: RunFlags, experiment: Experiment) => [
  ...sweepFiles,
  ...tablesAndFigures(flags, experiment),
];
const tablesAndFigures = ({ figures }: RunFlags, { confirm, dataset }: Experiment) =>
  reportFiles({ figures, confirmation: confirm !== undefined, steps: dataset.name === 'modular' });

/** @throws UsageError where options contradict each other, or have no meaning */
function checkFlags({ out, join: joining, chooseAgain, queue, stallTime }: RunFlags): void {
  if (out === '') throw new UsageError('--out is empty: name a folder, or leave the option out.');
  if (joining && chooseAgain) {
    throw new UsageError(
      '--join and --choose-again exclude each other: the run that is joined may be training the chosen cells.',
    );
  }
  if (queue === undefined) return;
  if (joining) {
    throw new UsageError(
      '--join and --queue exclude each other: more machines join a queue with `adamw-bench worker`.',
    );
  }
  if (stallTime < 1) throw new UsageError('--stall-time must be a second or more.');
}

/** The queue's coordinator where one is asked for. */
async function executorOf(dir: string, flags: RunFlags): Promise<Executor | undefined> {
  if (flags.queue === undefined) return undefined;
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
  const { records, manifest, choice, interrupted, failedFast, jobs } = result;
  const input = {
    records,
    experiment,
    manifest: { ...manifest },
    endpoints: endpointsOf(manifest),
    choice,
    command: manifest.command,
  };
  const write = async () => {
    // Once more: hours may have passed.
    await requireOwn(dir, tablesAndFigures(flags, experiment), moveOrChoose);
    return writeReport(dir, input, { figures: flags.figures, keepDrawn: true });
  };
  const paths = records.length > 0 ? await tellingHowToReport(dir, write) : [];
  const talk = !flags.quiet && !flags.json;
  if (talk && records.length > 0) {
    const width = process.stdout.columns ?? 100;
    const { records: grid, confirmation, verdict } = analyse(input);
    console.log(renderSummary(grid, { color: colorDepth(process.stdout, process.env), width }));
    if (confirmation) console.log(`\n${renderConfirmation(confirmation, width)}`);
    console.log(`\n${renderVerdict(verdict, width)}`);
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
