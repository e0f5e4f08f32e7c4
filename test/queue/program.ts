/** The built program as users start it, in child processes that tests can watch and kill. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/adamw-bench.js', import.meta.url));

export interface Program {
  readonly pid: number;
  /** Everything printed so far, both streams. */
  readonly output: string;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  readonly running: boolean;
  kill(signal?: NodeJS.Signals): void;
  /** Resolves once the output matches. @throws Error where the program ends before */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts `adamw-bench` with arguments. */
export function start(
  args: readonly string[],
  env: Record<string, string> = {},
  wrap: readonly string[] = [],
): Program {
  const [command, ...rest] = [...wrap, process.execPath, bin, ...args];
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  let running = true;
  const listeners = new Set<() => void>();
  const hear = (chunk: Buffer) => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      running = false;
      resolve(signal ?? code ?? -1);
      for (const listener of listeners) listener();
    });
  });
  return {
    pid: child.pid!,
    get output() {
      return output;
    },
    ended,
    get running() {
      return running;
    },
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output);
          if (match) resolve(match);
          else if (!running) reject(new Error(`It ended without ${String(pattern)}:\n${output}`));
          else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
  };
}

/** The programs of one test file. */
export function programs(): {
  /** As `start`. */
  launch(args: readonly string[], env: Record<string, string>): Program;
  /** Kills those that still run. */
  end(): Promise<void>;
} {
  const running: Program[] = [];
  return {
    launch(args, env) {
      const program = start(args, env);
      running.push(program);
      return program;
    },
    async end() {
      for (const program of running) if (program.running) program.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
}

/** Runs `adamw-bench` to its end. */
export async function call(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | string; output: string }> {
  const program = start(args, env);
  const code = await program.ended;
  return { code, output: program.output };
}

export const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'adamw-bench-test-'));

export interface Sizes {
  readonly name?: string;
  readonly train?: number;
  readonly epochs?: number;
  readonly hidden?: number;
  readonly lr?: readonly number[];
  readonly wd?: readonly number[];
  readonly seeds?: readonly number[];
  readonly dataset?: string;
}

/** Writes a tiny experiment; returns the file. */
export function writeConfig(folder: string, sizes: Sizes = {}): string {
  const {
    name = 'tiny',
    train = 64,
    epochs = 2,
    hidden = 4,
    lr = [0.001, 0.01],
    wd = [0, 0.01],
    seeds = [0],
  } = sizes;
  const dataset = sizes.dataset ?? `{ name: synthetic-mnist, train: ${train}, test: 64 }`;
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `name: ${name}
dataset: ${dataset}
model: { name: mlp, hidden: [${hidden}] }
train: { epochs: ${epochs}, batchSize: 16, seeds: [${seeds.join(', ')}] }
optimizers: [adam, adamw]
grid: { lr: [${lr.join(', ')}], wd: [${wd.join(', ')}] }
backend: cpu
`,
  );
  return file;
}

const timing = new Set(['seconds', 'images_per_second', 'started_at', 'attempts', 'peak_memory']);

/** A CSV's rows without the columns that measure time and circumstances. */
function rowsOf(file: string): string[] {
  const rows = parseCsv(readFileSync(file, 'utf8'));
  const keep = rows[0]!.map((name) => !timing.has(name));
  return rows.map((row) => row.filter((_, i) => keep[i]).join('|'));
}

/** Enough of RFC 4180 for our own files. */
function parseCsv(text: string): string[][] {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\n|$)/g)];
  const rows: string[][] = [[]];
  for (const [, cell, end] of cells) {
    rows.at(-1)!.push(cell!);
    if (end === '\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

/** All that a results folder says, but for timings: runs.csv, epochs.csv. */
export const resultsOf = (dir: string): string[] => [
  ...rowsOf(join(dir, 'runs.csv')),
  ...rowsOf(join(dir, 'epochs.csv')),
];

/** Lines of the journal. */
export const journalOf = (dir: string): string[] =>
  readFileSync(join(dir, 'runs.jsonl'), 'utf8').split('\n').filter(Boolean);
