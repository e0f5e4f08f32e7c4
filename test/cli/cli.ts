/** The real command line in child processes, as a user has it: `node bin/adamw-bench.js`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, vi } from 'vitest';
import { stringify } from 'yaml';
import { TIMING_COLUMNS } from '../../src/report/csv/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const program = join(root, 'bin', 'adamw-bench.js');

/** Tests of an old build would pass or fail for reasons that are no longer in the source. */
function requireFreshBuild(): void {
  const built = join(root, 'dist', 'cli', 'main.js');
  const newest = (folder: string): number =>
    Math.max(
      0,
      ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return newest(path);
        return entry.name.endsWith('.ts') ? statSync(path).mtimeMs : 0;
      }),
    );
  const state = !existsSync(built)
    ? 'missing'
    : newest(join(root, 'src')) > statSync(built).mtimeMs
      ? 'older than src/'
      : undefined;
  if (state) throw new Error(`dist/ is ${state}: run \`npm run build\` first (\`npm test\` does).`);
}
requireFreshBuild();

// Dozens of processes share what cores there are; a busy machine is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const groups: number[] = [];
const folders: string[] = [];
// Tests run side by side here, so that waiting costs nothing; what they leave is cleared when all have ended.
afterAll(() => {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A fresh folder, removed after the tests of the file. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-cli-'));
  folders.push(folder);
  return folder;
}

/** Eight cells of three epochs of three steps; a second or two all together. */
const tiny = {
  name: 'tiny',
  dataset: { name: 'synthetic-mnist', train: 60, test: 20 },
  model: { name: 'mlp', hidden: [4] },
  train: { epochs: 3, batchSize: 20 },
  optimizers: ['adam', 'adamw'],
  grid: { lr: [0.01, 0.1], wd: [0, 0.01] },
  backend: 'cpu',
};

/** Writes a configuration (`tiny` with changes) into a folder of its own. */
export function configure(changes: object = {}): {
  readonly folder: string;
  readonly file: string;
  dir: string;
} {
  const folder = scratch();
  const file = join(folder, 'tiny.yaml');
  writeFileSync(file, stringify({ ...tiny, ...changes }));
  return { folder, file, dir: join(folder, 'out') };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when the output has this in it, or is so. @throws where the program ends without */
  saw(what: RegExp | ((stdout: string) => boolean)): Promise<void>;
  readonly ended: Promise<Ended>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Put before the program, e.g. ['setpriv', '--reuid', '1000']. */
  readonly through?: readonly string[];
}

/** Starts the program in a process group of its own, as a shell does. */
export function start(args: readonly string[], { cwd, env = {}, through = [] }: StartOptions = {}): Running {
  const [command, ...rest] = [...through, process.execPath, program, ...args];
  const home = scratch();
  const child = spawn(command!, rest, {
    cwd: cwd ?? root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: home, ADAMW_BENCH_DATA: join(home, 'data'), ...env },
  });
  groups.push(child.pid!);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  let isOver = false;
  void ended.finally(() => (isOver = true));
  const saw: Running['saw'] = async (what) => {
    while (!(what instanceof RegExp ? what.test(stdout + stderr) : what(stdout))) {
      if (isOver) throw new Error(`It ended without ${what.toString()}:\n${stdout}\n${stderr}`);
      await sleep(20);
    }
  };
  return { child, pid: child.pid!, saw, ended };
}

/** Runs the program to its end. */
export const adamwBench = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  start(args, options).ended;

/** `run` without figures, which take longer than the sweeps here. */
export const run = (file: string, dir: string, ...more: readonly string[]) => [
  'run',
  file,
  '--out',
  dir,
  '--no-figures',
  ...more,
];

/** The numbers of the line in which `run` says what it will do: the cells, then those there, those to train, workers. */
export function planned(stderr: string): number[] {
  const line = /^\d[\d,]* cells?\b.*$/m.exec(stderr)?.[0] ?? '';
  return (line.match(/\d[\d,]*/g) ?? []).map((n) => Number(n.replaceAll(',', '')));
}

/** The processes that a process has started and that run. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Whether a process runs, zombies aside. */
export function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** Waits until something holds; the test's own time limit ends it otherwise. */
export async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(20);
}

/** Rows of a CSV file (RFC 4180) by column. */
export function csv(file: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^,\n]*)(,|\n|$)/y;
  const text = readFileSync(file, 'utf8');
  while (field.lastIndex < text.length) {
    const [, value, end] = field.exec(text)!;
    rows.at(-1)!.push(value!.startsWith('"') ? value!.slice(1, -1).replaceAll('""', '"') : value!);
    if (end === '\n') rows.push([]);
  }
  const [header, ...body] = rows.filter((row) => row.length > 0);
  return body.map((row) => Object.fromEntries(header!.map((name, i) => [name, row[i]!])));
}

const withoutTiming = (row: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(row).filter(([name]) => !(TIMING_COLUMNS as readonly string[]).includes(name)),
  );

/** What a sweep has led to: runs.csv and epochs.csv but for the timing columns. */
export const results = (dir: string) => ({
  runs: csv(join(dir, 'runs.csv')).map(withoutTiming),
  epochs: csv(join(dir, 'epochs.csv')).map(withoutTiming),
});

/** Lines of the journal: one per cell that was trained, so a cell trained twice shows. */
export const journalLines = (dir: string): string[] =>
  readFileSync(join(dir, 'runs.jsonl'), 'utf8').split('\n').filter(Boolean);

/** The journal's cells, in the order they ended. */
export const journalCells = (dir: string): string[] =>
  journalLines(dir).map((line) => (JSON.parse(line) as { record: { cell: { id: string } } }).record.cell.id);
