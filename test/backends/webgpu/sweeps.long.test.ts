/** Whole sweeps with `backend: webgpu`: whatever happens on the way, the results are those of an undisturbed sweep. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { env, eventsOf, saidOf, sweep } from './command.js';
import {
  adamwBench,
  configure,
  journalLines,
  results,
  run,
  runs,
  start,
  until,
  type Ended,
} from '../../cli/cli.js';
import { noRedis, startRedis } from '../../queue/redis.js';
import { decodeSafetensors } from '../../../src/files/safetensors.js';
import type { Position } from '../../../src/train/snapshot.js';

const slow = (milliseconds: number) => ({ ...env, ADAMW_BENCH_FAULT: `slow:*:${milliseconds}` });

/** Whose the checkpoint in a results folder is, and where it stands; undefined where there is none. */
function keptPosition(dir: string): (Position & { readonly cell: string }) | undefined {
  const folder = join(dir, 'checkpoints');
  const cell = existsSync(folder) && readdirSync(folder).find((name) => name.endsWith('.safetensors'));
  if (!cell) return undefined;
  try {
    const { metadata } = decodeSafetensors(readFileSync(join(folder, cell)));
    return { ...(JSON.parse(metadata.position!) as Position), cell };
  } catch {
    // It was just removed: its cell has ended.
    return undefined;
  }
}

describe.skipIf(whyNoDevice).concurrent(`sweeps ${whyNoDevice ?? ''}`, () => {
  const undisturbed = configure(sweep);
  let ended: Ended;
  let whole: ReturnType<typeof results>;
  beforeAll(async () => {
    ended = await adamwBench(run(undisturbed.file, undisturbed.dir, '--json', '--keep-weights'), { env });
    whole = results(undisturbed.dir);
  });

  test('end with one worker, and nothing holds the processes or makes them talk', () => {
    expect(saidOf(ended.stderr)).toBe('');
    expect(ended.code).toBe(0);
    expect(eventsOf(ended.stdout)).toContainEqual(
      expect.objectContaining({ event: 'plan', backend: 'webgpu', cells: 2, workers: 1 }),
    );
    expect(whole.runs.map(({ status, backend }) => [status, backend])).toEqual(
      Array(2).fill(['ok', 'webgpu']),
    );
  });

  test('their weights are evaluated to the bit on webgpu, and nearly so on cpu', async () => {
    const { cell, final_test_error: error } = whole.runs[1]!;
    const loss = Number(whole.epochs.filter((epoch) => epoch['cell'] === cell).at(-1)!['test_loss']);
    const file = join(undisturbed.dir, 'weights', `${cell}.safetensors`);
    const evaluate = async (backend: string) => {
      const { code, stdout, stderr } = await adamwBench(['eval', file, '--json', '--backend', backend], {
        env,
      });
      expect([code, saidOf(stderr)]).toEqual([0, '']);
      return JSON.parse(stdout) as { testLoss: number; testError: number };
    };
    expect(await evaluate('webgpu')).toMatchObject({ testLoss: loss, testError: Number(error) });
    expect((await evaluate('cpu')).testLoss / loss).toBeCloseTo(1, 5);
  });

  test('that Ctrl-C interrupts, or that are killed within an epoch, go on from where they were', async () => {
    const { file, dir } = configure(sweep);
    const args = run(file, dir, '--json', '--checkpoint-every', '1s');
    const interrupted = start(args, { env: slow(300) });
    await interrupted.saw(/"event":"beat".*"epoch":1/);
    process.kill(-interrupted.pid, 'SIGINT');
    expect(await interrupted.ended).toMatchObject({ code: 130 });
    const kept = keptPosition(dir)!;
    expect(kept.epoch).toBeGreaterThanOrEqual(1);

    const killed = start(args, { env: slow(400) });
    const isFurther = () => {
      const { cell, epoch = 0, batch = 0 } = keptPosition(dir) ?? {};
      return batch > 0 && (cell !== kept.cell || epoch > kept.epoch || batch > kept.batch);
    };
    await until(() => !runs(killed.pid) || isFurther());
    process.kill(-killed.pid, 'SIGKILL');
    await killed.ended;
    expect(isFurther()).toBe(true);

    expect(await adamwBench(run(file, dir, '-q'), { env })).toMatchObject({ code: 0 });
    expect(results(dir)).toEqual(whole);
    expect(journalLines(dir)).toHaveLength(2);
  });

  test('on two workers go on where each loses its device', async () => {
    const { file, dir } = configure(sweep);
    const lossy = { ...env, ADAMW_BENCH_FAULT: 'lose-device:*:1.4:1' };
    const { stdout, code } = await adamwBench(
      run(file, dir, '--json', '-w', '2', '--checkpoint-epochs', '1'),
      {
        env: lossy,
      },
    );
    expect(code).toBe(0);
    const events = eventsOf(stdout);
    expect(events).toContainEqual(expect.objectContaining({ event: 'plan', workers: 2 }));
    for (const { cell } of whole.runs) {
      const own = events.filter((event) => event['cell'] === cell);
      const second = own.findIndex(({ event, attempt }) => event === 'start' && attempt === 2);
      const beat = own.slice(second).find(({ event }) => event === 'beat');
      // A third of an epoch is its first step.
      expect(beat!['epoch']).toBeCloseTo(4 / 3);
      expect(events).toContainEqual({
        event: 'notice',
        text: expect.stringMatching(`Cell ${cell}.* is tried again: The GPU was lost`) as string,
      });
    }
    expect(results(dir)).toEqual(whole);
  });

  test.skipIf(noRedis)('over a queue whose worker loses its device once', async () => {
    const redis = await startRedis();
    const { file, dir } = configure(sweep);
    const lossy = { ...env, ADAMW_BENCH_FAULT: 'lose-device:AdamW:1.4:1' };
    const worker = start(['worker', redis.url, '--backend', 'webgpu'], { env: lossy });
    try {
      const ended = await adamwBench(run(file, dir, '-q', '--queue', redis.url), { env });
      expect(ended).toMatchObject({ code: 0 });
      expect(results(dir)).toEqual(whole);
    } finally {
      worker.child.kill('SIGTERM');
      const { code, stderr } = await worker.ended;
      await redis.stop();
      expect(code).toBe(130);
      expect(stderr).toMatch(/\(AdamW\) failed in attempt 1: The GPU was lost/);
    }
  });
});
