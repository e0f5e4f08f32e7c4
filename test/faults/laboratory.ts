/** What the fault scenarios share: the undisturbed sweep, the sweep under test, and the comparison of both. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeLine } from '../../src/runner/journal.js';
import {
  call,
  journalOf,
  resultsOf,
  start,
  temporaryFolder,
  writeConfig,
  type Program,
} from '../queue/program.js';
import { noRedis, startRedis, type Server, type ServerOptions } from '../queue/redis.js';

/** Thrown by a scenario that cannot run on this machine. */
export class Skip extends Error {}

/** Cells are slowed down instead of made larger, so that the harness needs time but little of a processor. */
const slowMilliseconds = 50;

export interface Laboratory {
  readonly cells: number;
  readonly config: string;
  /** A new results folder. */
  folder(name: string): string;
  /** Starts a program that is killed at the end of the scenario, if need be. */
  start(args: readonly string[], wrap?: readonly string[]): Program;
  /** `run` into a folder, with the options that all scenarios use. */
  run(dir: string, ...args: string[]): Program;
  redis(options?: ServerOptions): Promise<Server>;
  /** @throws where the folder's results are not the undisturbed ones, each cell once */
  check(dir: string): void;
  /** Ends everything a scenario has left. */
  clean(): Promise<void>;
  close(): Promise<void>;
}

export const journalFile = (dir: string) => join(dir, 'runs.jsonl');

/** How many whole records a journal has. */
export const recordCount = (dir: string): number =>
  existsSync(journalFile(dir)) ? journalOf(dir).filter((line) => decodeLine(line)).length : 0;

/** Waits until something holds. @throws where it does not within the time */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  seconds = 300,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(50);
  }
}

/** Waits for a program's end, and that it ended well. */
export async function success(program: Program): Promise<void> {
  const code = await program.ended;
  if (code !== 0) throw new Error(`it ended with ${code}:\n${program.output.slice(-2000)}`);
}

/** Pids of a process's children. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export async function openLaboratory(short: boolean): Promise<Laboratory> {
  const root = temporaryFolder();
  const config = writeConfig(root, {
    name: 'faults',
    epochs: 3,
    lr: short ? [0.001, 0.01, 0.1] : [0.001, 0.003, 0.01, 0.03, 0.1],
    wd: short ? [0.001] : [0, 0.0001, 0.001],
    seeds: [0, 1],
  });
  const reference = join(root, 'undisturbed');
  const { code, output } = await call(['run', config, '--out', reference, '--no-figures', '--quiet']);
  if (code !== 0) throw new Error(`The undisturbed sweep failed:\n${output}`);
  const expected = resultsOf(reference);
  const cells = journalOf(reference).length;
  const programs: Program[] = [];
  const servers: Server[] = [];
  const launch = (args: readonly string[], wrap: readonly string[] = []) => {
    const program = start(args, { ADAMW_BENCH_FAULT: `slow:*:${slowMilliseconds}` }, wrap);
    programs.push(program);
    return program;
  };
  return {
    cells,
    config,
    folder: (name) => join(root, name),
    start: launch,
    run: (dir, ...args) =>
      launch([
        'run',
        config,
        '--out',
        dir,
        '--no-figures',
        '--retries',
        '1000',
        '--checkpoint-epochs',
        '1',
        ...args,
      ]),
    async redis(options = {}) {
      if (noRedis) throw new Skip(noRedis);
      const server = await startRedis(options);
      servers.push(server);
      return server;
    },
    check(dir) {
      const rows = resultsOf(dir);
      const different = expected.filter((row, i) => row !== rows[i]).length;
      if (different > 0 || rows.length !== expected.length) {
        throw new Error(
          `${different} rows differ from the undisturbed run's, ${rows.length} rows for ${expected.length}`,
        );
      }
      const ids = journalOf(dir).map((line) => decodeLine(line)?.cell.id ?? 'damaged');
      if (ids.length !== cells || new Set(ids).size !== cells || ids.includes('damaged')) {
        throw new Error(
          `the journal has ${ids.length} lines, ${new Set(ids).size} distinct, for ${cells} cells`,
        );
      }
    },
    async clean() {
      for (const program of programs.splice(0)) {
        if (!program.running) continue;
        program.kill('SIGCONT');
        program.kill('SIGKILL');
        await program.ended;
      }
      for (const server of servers.splice(0)) await server.stop();
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
}
