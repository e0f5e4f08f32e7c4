/** What `adamw-bench report` and `adamw-bench compare` do. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { countsSteps } from '../../analysis/stepsToGeneralise.js';
import { measureOf } from '../../experiment/record.js';
import { errnoOf, explainingFiles } from '../../files/problem.js';
import {
  colorDepth,
  renderComparison,
  renderComparisonText,
  analyse,
  renderConfirmation,
  renderSummary,
  renderVerdict,
  setUpDifferences,
  writeReport,
} from '../../report/index.js';
import { reportFiles, requireOwn } from '../../runner/index.js';
import { UsageError, exitCode } from '../exit.js';
import { pngNotice } from '../notices.js';
import { requireFree, writeOutput } from '../outputFile.js';
import { readResults } from '../results.js';
import { stopSignal } from '../signals.js';

export interface CompareFlags {
  readonly out?: string;
  readonly force?: boolean;
}

const terminal = () => ({
  color: colorDepth(process.stdout, process.env),
  width: process.stdout.columns ?? 100,
});

/** Rebuilds the report of a results folder; returns the exit code. */
export async function report(dir: string): Promise<number> {
  const results = await readResults(dir);
  // Of what is there: the cells to come are the live page's.
  const input = { ...results, planned: [] };
  await explainingFiles(dir, () =>
    requireOwn(
      dir,
      reportFiles({
        figures: true,
        confirmation: input.choice !== undefined,
        steps: countsSteps(input.records),
      }),
      'Move them elsewhere.',
    ),
  );
  const paths = await writeReport(dir, input);
  const { records, confirmation, verdict } = analyse(input);
  console.log(renderSummary(records, terminal()));
  if (confirmation) console.log(`\n${renderConfirmation(confirmation, terminal().width)}`);
  console.log(`\n${renderVerdict(verdict, terminal().width)}`);
  console.log(['', ...paths].join('\n'));
  const notice = pngNotice(paths);
  if (notice) console.error(notice);
  return exitCode.ok;
}

/** Changes of a folder's journal, until the signal aborts. */
async function* journalChanges(dir: string, signal: AbortSignal): AsyncGenerator<void> {
  const events: (() => void)[] = [];
  let pending = false;
  let broken = false;
  const wake = () => {
    pending = true;
    events.shift()?.();
  };
  const watcher = watch(dir, (_event, name) => {
    if (name === 'runs.jsonl') wake();
  });
  // The page stays as it is, but no longer learns of changes.
  watcher.on('error', (error) => {
    console.error(`The folder can no longer be watched (${error.message}). Reload the page to see changes.`);
    broken = true;
    wake();
  });
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted && !broken) {
      if (!pending) await new Promise<void>((resolve) => events.push(resolve));
      pending = false;
      yield;
    }
  } finally {
    watcher.close();
  }
}

/** Turns an unusable port into a refusal; other errors stay unchanged. */
function refusal(error: unknown): unknown {
  return errnoOf(error) === 'EACCES'
    ? new UsageError((error as Error).message, { code: 'port-not-allowed' })
    : error;
}

/** Serves the page until it is told to stop; returns the exit code. */
export async function serve(dir: string, port: number): Promise<number> {
  const { serveReport } = await import('../../report/serve.js');
  await readResults(dir);
  const stop = stopSignal(0, 'ending the page');
  const server = await serveReport({
    load: () => readResults(dir),
    changes: journalChanges(dir, stop.signal),
    port,
  }).catch((error: unknown) => {
    throw refusal(error);
  });
  console.log(`${server.url}  (Ctrl-C ends it)`);
  await new Promise<void>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  stop.release();
  await server.close();
  return exitCode.ok;
}

/** Puts two results folders side by side; returns the exit code. */
export async function compare(a: string, b: string, { out, force = false }: CompareFlags): Promise<number> {
  if (out !== undefined) await requireFree(out, force);
  const named = async (dir: string) => ({ ...(await readResults(dir)), name: dir });
  const [first, second] = [await named(a), await named(b)];
  const [one, other] = [measureOf(first.records), measureOf(second.records)];
  if (one !== other) {
    throw new UsageError(
      `${a} has ${one === 'loss' ? 'losses' : 'errors'} and ${b} has not: they cannot be compared.`,
    );
  }
  for (const difference of setUpDifferences(first, second))
    console.error(
      `note: ${a} and ${b} ${difference}: what differs between them need not be the optimizers' doing.`,
    );
  console.log(renderComparisonText(first, second, terminal()));
  if (out !== undefined) {
    await writeOutput(out, renderComparison(first, second), force);
    console.log(join(out));
  }
  return exitCode.ok;
}
