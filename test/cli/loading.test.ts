/** What a command loads: starting at once means that no library is loaded which the command does not use. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { adamwBench, configure, run } from './cli.js';

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

const packagesOf = (files: readonly string[]): string[] => [
  ...new Set(files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])),
];

/** The packages that a command loads, those that its workers load, and the files of this one, `dist/cli/main.js` say. */
async function loadedBy(args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-loaded-'));
  try {
    // V8 lists every script of the process, however it was loaded.
    const { code, stdout, stderr } = await adamwBench(args, { env: { NODE_V8_COVERAGE: folder } });
    const processes = readdirSync(folder).map((name) =>
      (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage).result
        .filter(({ url }) => url.startsWith('file:'))
        .map(({ url }) => fileURLToPath(url)),
    );
    const isWorker = (files: readonly string[]) => files.some((file) => file.endsWith('workerMain.js'));
    const files = processes.filter((one) => !isWorker(one)).flat();
    const own = files.flatMap((file) => /\/(dist\/(?!.*node_modules).*)$/.exec(file)?.[1] ?? []);
    const workers = packagesOf(processes.filter(isWorker).flat());
    return { code, stdout, stderr, packages: packagesOf(files), workers, own };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const commands =
  'run plan report compare import convert data setup doctor init export eval worker queue'.split(' ');

it.each(['--version', '-V', '--help', ...commands.map((name) => `${name} --help`)])(
  'adamw-bench %s loads the command line alone',
  async (args) => {
    const { code, stdout, packages, own } = await loadedBy(args.split(' '));
    expect({ code, packages }).toEqual({ code: 0, packages: ['commander'] });
    expect(stdout).toMatch(/^(\d+\.\d+|Usage: )/);
    expect(own.filter((file) => file.startsWith('dist/cli/actions/'))).toEqual([]);
  },
);

it('a mistyped option is refused without loading more', async () => {
  const { code, stderr, packages } = await loadedBy(['run', 'x.yaml', '--worker', '2']);
  expect({ code, packages }).toEqual({ code: 2, packages: ['commander'] });
  expect(stderr).toContain("unknown option '--worker'");
});

/** What takes long to load, and what only some commands need. */
const heavy = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs',
  'vega',
  'vega-lite',
  '@resvg/resvg-js',
  'bullmq',
  'ioredis',
];

it('`plan --no-time` loads neither figures, queue nor all of tfjs', async () => {
  const { code, packages } = await loadedBy(['plan', configure().file, '--no-time']);
  // tfjs-core comes with the layers, whose shapes tell whether the network fits into memory.
  expect({ code, heavy: packages.filter((name) => heavy.includes(name)) }).toEqual({
    code: 0,
    heavy: ['@tensorflow/tfjs-core'],
  });
});

it('`run` with nothing to do loads neither tfjs nor what draws figures', async () => {
  const { file, dir } = configure();
  const again = ['run', file, '--out', dir];
  expect((await adamwBench(again)).code).toBe(0);
  const { code, packages } = await loadedBy(again);
  expect({ code, heavy: packages.filter((name) => heavy.includes(name)) }).toEqual({ code: 0, heavy: [] });
});

it('a worker loads neither zod nor all of tfjs', async () => {
  const { file, dir } = configure();
  const { code, packages, workers } = await loadedBy(run(file, dir, '-w', '1'));
  expect(code).toBe(0);
  expect(packages).toContain('zod');
  expect(workers).toContain('@tensorflow/tfjs-core');
  expect(workers.filter((name) => ['zod', 'yaml', ...heavy.slice(1)].includes(name))).toEqual([]);
});
