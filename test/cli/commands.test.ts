/** The other commands, and what `run` prints, in each of its ways. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../queue/redis.js';
import { adamwBench, configure, run, scratch, start } from './cli.js';
import { inThisProcess } from './inProcess.js';

const lines = (text: string) => text.trim().split('\n');

describe('help', () => {
  it.each([
    [['--help'], 'adamw-bench run configs/quick.yaml'],
    [['help', 'run'], '--time-budget'],
    [['run', '--help'], 'adamw-bench run configs/cifar.yaml --time-budget 8h'],
    [['plan', '--help'], 'adamw-bench plan configs/cifar.yaml --no-time'],
    [['convert', '--help'], 'adamw-bench convert --from pytorch --to keras'],
    [['data', '--help'], 'adamw-bench data fetch cifar10'],
    [['doctor', '--help'], 'Example'],
    [['init', '--help'], 'Example'],
    [['report', '--help'], 'Examples'],
    [['export', '--help'], 'adamw-bench export results/quick --cell'],
    [['eval', '--help'], 'adamw-bench eval w.safetensors'],
    [['worker', '--help'], 'adamw-bench worker redis://10.0.0.5'],
    [['queue', '--help'], 'adamw-bench queue status redis://10.0.0.5'],
    [['queue', 'drain', '--help'], 'adamw-bench queue drain redis://10.0.0.5'],
  ])('%j has examples', async (args, text) => {
    const { code, stdout, stderr } = await inThisProcess(args);
    expect(code).toBe(0);
    expect(stdout).toContain(text);
    expect(stdout).toContain('Example');
    expect(stderr).toBe('');
    expect(Math.max(...lines(stdout).map((line) => line.length))).toBeLessThanOrEqual(130);
  });

  it.each(['run', 'plan', 'report', 'convert', 'worker'])(
    '%s shows defaults as people write them',
    async (command) => {
      const { stdout } = await inThisProcess([command, '--help']);
      expect(stdout).not.toMatch(/default: (\[\]|0\b|60\)|600\)|67108864)/);
    },
  );

  it('names every command', async () => {
    const { stdout } = await inThisProcess(['--help']);
    const names = 'run plan report compare convert data doctor init export eval worker queue';
    for (const name of names.split(' ')) {
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
    expect((await adamwBench(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe.concurrent('plan', () => {
  it('shows the cells, and an estimate from timed steps', async () => {
    const { file } = configure();
    const { code, stdout } = await adamwBench(['plan', file, '--workers', '2', '--set', 'train.seeds=[0,1]']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ *Adam\+L2: 2 lr .* 2 wd .* 2 seeds = 8\b/m);
    expect(stdout).toMatch(/^16 .*\b2\b/m);
    expect(stdout).toMatch(/\d+s .*\bcpu\b.*\d+\.\d ms/);
  });

  it('estimates the same time for programs: that of the sweep on its workers', async () => {
    const { file } = configure();
    // No more workers than cells, as `run` has it.
    for (const [asked, workers] of [
      [2, 2],
      [64, 8],
    ]) {
      const { stdout } = await adamwBench(['plan', file, '--workers', `${asked}`, '--json']);
      const plan = JSON.parse(stdout) as Record<
        'workers' | 'seconds' | 'workerSeconds' | 'stepSeconds',
        number
      >;
      expect(plan.workers).toBe(workers);
      expect(plan.seconds).toBe(plan.workerSeconds / plan.workers);
      // Three steps of 20 images and one evaluation, a third of one, in each of 3 epochs of 8 cells.
      expect(plan.workerSeconds).toBeCloseTo(8 * 3 * (3 + 1 / 3) * plan.stepSeconds, 9);
    }
  });

  it('counts the images of one seed, and evaluates those held back too', async () => {
    const { file } = configure();
    const own = ['--set', 'dataset.subset=per-seed', '--set', 'dataset.validation=40'];
    const { stdout } = await adamwBench(['plan', file, '--json', ...own]);
    const { workerSeconds, stepSeconds } = JSON.parse(stdout) as Record<string, number>;
    expect(workerSeconds).toBeCloseTo(8 * 3 * (3 + (1 + 2) / 3) * stepSeconds!, 9);
  });

  it('without timing needs no data', async () => {
    const { code, stdout } = await adamwBench(['plan', 'configs/cifar.yaml', '--no-time', '--json']);
    expect(code).toBe(0);
    const plan = JSON.parse(stdout) as {
      cells: number;
      optimizers: { cells: number }[];
      stepSeconds?: number;
    };
    expect(plan.cells).toBe(plan.optimizers.reduce((sum, { cells }) => sum + cells, 0));
    expect(plan).not.toHaveProperty('stepSeconds');
  });

  it('says which backend a run would take, and why', async () => {
    const { file } = configure();
    const lineOf = async (...set: string[]) => {
      const settings = set.flatMap((one) => ['--set', one]);
      const { stdout } = await adamwBench(['plan', file, '--no-time', ...settings]);
      return /^backend .*/m.exec(stdout)?.[0];
    };
    expect(await lineOf('backend=cpu')).toBe('backend cpu (CPU): the configuration names it');
    expect(await lineOf('backend=auto')).toMatch(
      /^backend \S+ \(.+\): auto takes the first that works(; tensorflow: .+; webgpu: .+)?$/,
    );
    const { stdout } = await adamwBench(['plan', file, '--no-time', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'cpu', why: 'the configuration names it' });
  });

  it('needs no backend for the cells of one that is not here', async () => {
    const { file } = configure();
    const nowhere = { ADAMW_BENCH_TENSORFLOW: join(scratch(), 'none') };
    const { code, stdout } = await adamwBench(['plan', file, '--no-time', '--set', 'backend=tensorflow'], {
      env: nowhere,
    });
    expect({ code, line: /^backend .*/m.exec(stdout)?.[0] }).toEqual({
      code: 0,
      line: expect.stringMatching(/^backend tensorflow cannot be used here, as /) as string,
    });
  });

  it('--backends times a step on each that works, and says why others do not', async () => {
    const { file } = configure();
    const { code, stdout } = await adamwBench(['plan', file, '--json', '--backends']);
    expect(code).toBe(0);
    const { backends } = JSON.parse(stdout) as {
      backends: { backend: string; stepSeconds?: number; reason?: string }[];
    };
    expect(backends.map(({ backend }) => backend)).toEqual(['tensorflow', 'webgpu', 'onednn', 'wasm', 'cpu']);
    for (const { backend, stepSeconds, reason } of backends) {
      if (['wasm', 'cpu'].includes(backend)) expect(stepSeconds).toBeGreaterThan(0);
      else if (stepSeconds === undefined) expect(reason).toMatch(/\w/);
    }
    expect(await adamwBench(['plan', file, '--no-time', '--backends'])).toMatchObject({ code: 2 });
  });
});

describe.concurrent('the small commands', () => {
  it('data list shows every data set, and what is there', async () => {
    const { code, stdout } = await adamwBench(['data', 'list', '--data-dir', scratch()]);
    expect(code).toBe(0);
    for (const name of [
      'mnist',
      'fashion-mnist',
      'cifar10',
      'cifar100',
      'imagenet32',
      'synthetic-mnist',
      'synthetic-cifar',
    ])
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
    expect(stdout).toMatch(/^synthetic-mnist /m);
    expect(stdout).toMatch(/^mnist .*missing/m);
  });

  it('data verify tells missing files by name, exit code 2', async () => {
    const dir = scratch();
    const { code, stdout } = await adamwBench(['data', 'verify', 'cifar10', '--data-dir', dir]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^missing .*cifar-10-binary\.tar\.gz/m);
    expect(stdout).toMatch(new RegExp(`${join(dir, 'cifar10')}\\b.*\\b[0-9a-f]{32}\\b`));
    expect(stdout).toMatch(/\b1 of 1\b.*adamw-bench data fetch cifar10/);
  });

  it('data list does not call a file that is cut short present', async () => {
    const dir = scratch();
    mkdirSync(join(dir, 'cifar10'));
    writeFileSync(join(dir, 'cifar10', 'cifar-10-binary.tar.gz'), 'too short');
    expect((await adamwBench(['data', 'list', '--data-dir', dir])).stdout).toMatch(/^cifar10 .*\b1 of 1\b/m);
    const { code, stdout } = await adamwBench(['data', 'verify', 'cifar10', '--data-dir', dir]);
    expect(code).toBe(2);
    expect(stdout).toContain('adamw-bench data fetch cifar10');
  });

  it('report --serve refuses a port that is taken', async () => {
    const { file, dir } = configure({ optimizers: ['adam'] });
    expect((await adamwBench(run(file, dir, '--quiet', '-w', '1'))).code).toBe(0);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const { code, stderr } = await adamwBench(['report', dir, '--serve', '--port', String(port)]);
      expect(code).toBe(2);
      expect(stderr).toMatch(new RegExp(`^Port ${port} [^\n]*\n$`));
    } finally {
      server.close();
    }
  });

  it('report --serve goes on where its folder can no longer be watched, and says so', async () => {
    const { folder, file, dir } = configure({ optimizers: ['adam'], grid: { lr: [0.1], wd: [0] } });
    expect((await adamwBench(run(file, dir, '--quiet', '-w', '1'))).code).toBe(0);
    const hook = join(folder, 'hook.mjs');
    writeFileSync(
      hook,
      `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { watch } = fs;
fs.watch = (...about) => {
  const watcher = watch(...about);
  setTimeout(() => watcher.emit('error', new Error('the disk is away')), 100);
  return watcher;
};
syncBuiltinESMExports();
`,
    );
    const port = await freePort();
    const page = start(['report', dir, '--serve', '--port', `${port}`], {
      env: { NODE_OPTIONS: `--import=${hook}` },
    });
    await page.saw(/\(the disk is away\)/);
    expect((await fetch(`http://127.0.0.1:${port}/data.json`)).status).toBe(200);
    page.child.kill('SIGINT');
    expect(await page.ended).toMatchObject({ code: 0, signal: null });
  });

  it('compare says where more than the optimizers differs', async () => {
    const trained = async (...set: string[]) => {
      const { file, dir } = configure();
      const settings = set.flatMap((one) => ['--set', one]);
      expect((await adamwBench(['run', file, '--out', dir, ...settings])).code).toBe(0);
      return dir;
    };
    const [one, same, longer, other] = await Promise.all([
      trained(),
      trained('grid.lr=[0.01]'),
      trained('train.epochs=2'),
      trained('dataset.train=40'),
    ]);
    const notesOf = async (dir: string) => {
      const { code, stderr } = await adamwBench(['compare', one!, dir]);
      expect(code).toBe(0);
      return stderr.split('\n').filter((line) => line.startsWith('note: '));
    };
    expect(await notesOf(same!)).toEqual([]);
    expect(await notesOf(longer!)).toEqual([
      `note: ${one} and ${longer} have trained for different numbers of epochs: what differs between them need not be the optimizers' doing.`,
    ]);
    expect((await notesOf(other!)).join()).toContain('are of different data');
  });

  it('doctor tells of every backend', async () => {
    const { code, stdout } = await adamwBench(['doctor', '--json']);
    expect(code).toBe(0);
    const { backends } = JSON.parse(stdout) as {
      backends: { name: string; available: boolean; reason?: string }[];
    };
    expect(backends.map(({ name }) => name).sort()).toEqual([
      'cpu',
      'onednn',
      'tensorflow',
      'wasm',
      'webgpu',
    ]);
    for (const { name, available, reason } of backends) {
      if (['cpu', 'wasm'].includes(name)) expect(available).toBe(true);
      if (!available) expect(reason).not.toBe('');
    }
  });

  it('doctor --bench prints one line with the speed of four networks', async () => {
    const bench = ['doctor', '--bench', '--seconds', '0.01'];
    const { code, stdout } = await adamwBench(bench);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\S+ \(.+\) on .+: mlp [\d,.]+, cnn [\d,.]+, resnet-8 [\d,.]+, resnet-20 [\d,.]+ images\/s at batch 128, one process\n$/,
    );
    expect(await adamwBench(['doctor', '--backend', 'cpu'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--bench') as string,
    });
  });

  it('init writes a configuration that plan accepts, over nothing', async () => {
    const cwd = scratch();
    expect(await adamwBench(['init', 'mine.yaml'], { cwd })).toMatchObject({ code: 0 });
    const text = readFileSync(join(cwd, 'mine.yaml'), 'utf8');
    expect(await adamwBench(['plan', 'mine.yaml', '--no-time'], { cwd })).toMatchObject({
      code: 0,
      stderr: '',
    });
    const again = await adamwBench(['init', 'mine.yaml'], { cwd });
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('mine.yaml') as string,
    });
    expect(readFileSync(join(cwd, 'mine.yaml'), 'utf8')).toBe(text);
  });
});

describe.concurrent('what run prints', () => {
  it('--quiet: nothing', async () => {
    const { file, dir } = configure({ optimizers: ['adam'] });
    expect(await adamwBench(run(file, dir, '--quiet', '-w', '1'))).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    expect(existsSync(join(dir, 'runs.csv'))).toBe(true);
  });

  it('--json: one object per line, and nothing else', async () => {
    const { file, dir } = configure({ optimizers: ['adam'] });
    const { code, stdout, stderr } = await adamwBench(run(file, dir, '--json', '-w', '1'));
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const events = lines(stdout).map((line) => JSON.parse(line) as { event: string; cell?: string });
    expect(events[0]).toEqual({ event: 'plan', cells: 4, missing: 4, workers: 1, backend: 'cpu' });
    const of = (name: string) => events.filter(({ event }) => event === name);
    expect(of('start')).toHaveLength(4);
    expect(of('record')).toHaveLength(4);
    expect(of('record').map(({ cell }) => cell)).toEqual(of('start').map(({ cell }) => cell));
    expect(of('beat').length).toBeGreaterThan(0);
    expect(of('record')[0]).toMatchObject({ label: 'Adam+L2', status: 'ok', seed: 0 });
  });

  it('not to a terminal: a 10 x 10 grid in plain lines, no wider than they need be', async () => {
    const axis = { logspace: { base: 2, from: -10, to: -1, steps: 10 } };
    const { file, dir } = configure({
      dataset: { name: 'synthetic-mnist', train: 20, test: 10 },
      train: { epochs: 1, batchSize: 20 },
      optimizers: ['adamw'],
      grid: { lr: axis, wd: axis },
    });
    const { code, stdout, stderr } = await adamwBench(run(file, dir));
    expect(code).toBe(0);
    // eslint-disable-next-line no-control-regex -- the escape character is what must not be there
    expect(stdout + stderr).not.toMatch(/\x1b/);
    expect(stderr.match(/^\[\d+\/100\]/gm)).toHaveLength(100);
    expect(stdout).toMatch(/\b100\b/);
    expect(Math.max(...lines(stdout).map((line) => line.length))).toBeLessThanOrEqual(100);
    const rows = lines(stdout).filter((line) => (line.match(/\d+\.\d/g) ?? []).length >= 10);
    expect(rows.length).toBeGreaterThanOrEqual(10);
  });
});
