/** A configuration on two backends: how far their test errors lie apart. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { adamwBench, results, run, scratch } from './cli.js';

export interface TwoBackends {
  readonly config: string;
  readonly backends: readonly [string, string];
  /** Further settings, for `--set`. */
  readonly changes?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Trains all cells on both; the number of cells, and the largest distance of two errors of one cell. */
export async function errorsApart({ config, backends, changes = [], env = {} }: TwoBackends) {
  const folder = scratch();
  const end = async (backend: string) => {
    const dir = join(folder, backend);
    const set = [`backend=${backend}`, ...changes].flatMap((change) => ['--set', change]);
    expect(await adamwBench(run(config, dir, '-q', ...set), { env })).toMatchObject({ code: 0 });
    return results(dir).runs.map((row) => Number(row['final_test_error']));
  };
  const [here, there] = [await end(backends[0]), await end(backends[1])];
  expect(here.length).toBe(there.length);
  return { cells: here.length, most: Math.max(...here.map((error, i) => Math.abs(error - there[i]!))) };
}
