/** `adamw-bench report` and `adamw-bench compare`: from journals to tables, figures and pages. */
import { watch } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { writeAtomically } from '../../files/atomic.js';
import {
  colorDepth,
  renderComparison,
  renderComparisonText,
  renderSummary,
  serveReport,
  writeReport,
} from '../../report/index.js';
import { exitCode } from '../exit.js';
import { readResults } from '../results.js';
import { stopSignal } from '../signals.js';
import { wholeNumber } from '../units.js';

/** Adds the commands to the program. */
export function addReport(program: Command, finish: (code: number) => void): void {
  program
    .command('report')
    .description('rebuild CSVs, figures and report.html of a results folder from its journal alone')
    .argument('<dir>', 'results folder, e.g. results/quick')
    .option('--serve', 'serve the page on 127.0.0.1 and update it while a sweep runs')
    .option('--port <n>', 'port for --serve (default: a free one)', wholeNumber(0), 0)
    .addHelpText(
      'after',
      '\nExamples:\n  adamw-bench report results/quick\n  adamw-bench report results/cifar --serve   watch the heatmap fill',
    )
    .action(async (dir: string, flags: { serve?: boolean; port: number }) =>
      finish(flags.serve ? await serve(dir, flags.port) : await report(dir)),
    );
  program
    .command('compare')
    .description('put two results folders side by side')
    .argument('<a>', 'results folder')
    .argument('<b>', 'results folder')
    .option('-o, --out <file>', 'also write a page to this file')
    .addHelpText(
      'after',
      '\nExample:\n  adamw-bench compare results/adam results/adamw --out comparison.html',
    )
    .action(async (a: string, b: string, flags: { out?: string }) => finish(await compare(a, b, flags.out)));
}

const terminal = () => ({
  color: colorDepth(process.stdout, process.env),
  width: process.stdout.columns ?? 100,
});

async function report(dir: string): Promise<number> {
  const { records, experiment, manifest, command } = await readResults(dir);
  const input = { records, experiment, manifest, command };
  const paths = await writeReport(dir, input);
  console.log(renderSummary(input.records, terminal()));
  console.log(['', ...paths].join('\n'));
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
  // The page stays, with what it has; only it no longer learns of changes.
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

async function serve(dir: string, port: number): Promise<number> {
  await readResults(dir);
  const stop = stopSignal(0);
  const server = await serveReport({
    load: () => readResults(dir),
    changes: journalChanges(dir, stop.signal),
    port,
  });
  console.log(`${server.url}  (Ctrl-C ends it)`);
  await new Promise<void>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  stop.release();
  await server.close();
  return exitCode.ok;
}

async function compare(a: string, b: string, out: string | undefined): Promise<number> {
  const named = async (dir: string) => ({ ...(await readResults(dir)), name: dir });
  const [first, second] = [await named(a), await named(b)];
  console.log(renderComparisonText(first, second, terminal()));
  if (out !== undefined) {
    await writeAtomically(resolve(out), renderComparison(first, second));
    console.log(join(out));
  }
  return exitCode.ok;
}
