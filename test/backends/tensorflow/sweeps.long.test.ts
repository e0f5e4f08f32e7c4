/** Whole sweeps with `backend: tensorflow`: both executors, repeats to the bit, interruptions, a worker that dies. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  adamwBench,
  childrenOf,
  configure,
  journalLines,
  results,
  run,
  start,
  until,
} from '../../cli/cli.js';
import { runInterrupted } from '../../cli/interrupted.js';
import { errorsApart } from '../../cli/errorsApart.js';
import { noRedis, startRedis } from '../../queue/redis.js';
import { env, missing } from './setUp.js';

/** Four cells of a network with convolutions and batch norm, in seconds. */
const sweep = {
  dataset: { name: 'synthetic-cifar', train: 64, test: 32 },
  model: { name: 'resnet', depth: 8, width: 4 },
  train: { epochs: 2, batchSize: 16 },
  optimizers: ['adamw', 'sgdw'],
  grid: { lr: [0.01], wd: [0, 0.01] },
  backend: 'tensorflow',
};

/** The sweep's undisturbed results, computed once. */
let undisturbed: Promise<ReturnType<typeof results>> | undefined;
const whole = () =>
  (undisturbed ??= (async () => {
    const { file, dir } = configure(sweep);
    expect(await adamwBench(run(file, dir, '-q', '-w', '1'), { env })).toMatchObject({ code: 0 });
    return results(dir);
  })());

describe.skipIf(missing)('with backend: tensorflow', () => {
  test('two runs give the same bits', async () => {
    const { file, dir } = configure(sweep);
    expect(await adamwBench(run(file, dir, '-q', '-w', '2'), { env })).toMatchObject({ code: 0 });
    expect(results(dir)).toEqual(await whole());
  });

  test('an interrupted run that is continued gives the same bits', async () => {
    const { file, dir } = configure(sweep);
    await runInterrupted(file, dir, env);
    expect(results(dir)).toEqual(await whole());
    expect(journalLines(dir)).toHaveLength(4);
  });

  test('a worker that is killed is started again, and its cells lose nothing', async () => {
    const { file, dir } = configure(sweep);
    const slow = { ...env, ADAMW_BENCH_FAULT: 'slow:*:200' };
    const running = start(run(file, dir, '--json', '-w', '1'), { env: slow });
    await running.saw(/"event":"beat"/);
    const workers = childrenOf(running.pid);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await until(() => childrenOf(running.pid).some((pid) => !workers.includes(pid)));
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(results(dir)).toEqual(await whole());
  });

  test.skipIf(noRedis !== undefined)('the queue gives the same bits', async () => {
    const redis = await startRedis();
    const { file, dir } = configure(sweep);
    const worker = start(['worker', redis.url, '--idle-exit', '20s', '--backend', 'tensorflow'], { env });
    try {
      const ended = await adamwBench(run(file, dir, '-q', '--queue', redis.url), { env });
      expect(ended).toMatchObject({ code: 0 });
      expect(results(dir)).toEqual(await whole());
    } finally {
      worker.child.kill('SIGTERM');
      await worker.ended;
      await redis.stop();
    }
  });

  test('the coordinator does not load TensorFlow', async () => {
    const { file, dir } = configure(sweep);
    const slow = { ...env, ADAMW_BENCH_FAULT: 'slow:*:200' };
    const running = start(run(file, dir, '--json', '-w', '1'), { env: slow });
    await running.saw(/"event":"beat"/);
    const loads = (pid: number) => readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libtensorflow');
    expect(loads(running.pid)).toBe(false);
    expect(childrenOf(running.pid).some(loads)).toBe(true);
    running.child.kill('SIGTERM');
    await running.ended;
  });

  test('a begun folder keeps its backend under auto, and the user is told of the other', async () => {
    const { file, dir, folder } = configure({ ...sweep, backend: 'wasm' });
    expect(await adamwBench(run(file, dir, '-q', '-w', '1'), { env })).toMatchObject({ code: 0 });
    const auto = configure({ ...sweep, backend: 'auto' });
    const again = await adamwBench(run(auto.file, dir, '--json', '--update'), { env, cwd: folder });
    expect(again).toMatchObject({ code: 0 });
    expect(journalLines(dir)).toHaveLength(4);
    const said = again.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(said.find(({ event }) => event === 'plan')).toMatchObject({ backend: 'wasm', missing: 0 });
  });

  // Rounding differs between the two, which a few steps with large rates enlarge: a few of 1,000 images.
  test.each([
    ['smoke', 0.05, []],
    // Two of its twenty epochs; and recording the decay would read every step.
    ['quick', 0.02, ['train.epochs=2', 'train.recordDecay=false', 'train.seeds=[0]']],
  ])('configs/%s.yaml ends, with errors within %f of onednn’s', async (name, most, changes) => {
    const { cells, most: apart } = await errorsApart({
      config: `configs/${name}.yaml`,
      backends: ['tensorflow', 'onednn'],
      changes,
      env,
    });
    console.log(`${name}: largest distance ${apart} over ${cells} cells`);
    expect(apart).toBeLessThanOrEqual(most);
  });
});
