/** Cells that a GPU does not train to their end: recorded as failed, with the reason; the others are trained. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { env, sweep } from './command.js';
import { adamwBench, configure, csv, run, start } from '../../cli/cli.js';
import { noRedis, startRedis } from '../../queue/redis.js';

const runsOf = (dir: string) =>
  Object.fromEntries(csv(join(dir, 'runs.csv')).map((row) => [row['label']!, row]));

/** Theta has 1.6 GiB. A software device takes 1 GiB a tensor, real ones 2 or 4. */
const large = { model: { name: 'mlp', hidden: [20_000, 20_000] }, optimizers: ['adamw'] };
const tooLarge =
  /^The network mlp does not fit onto this GPU\. Its 415,920,010 parameters.*1\.55 GiB.* at most 1 GiB/;

/** Lets a program have so much address space; SwiftShader takes memory of the process. */
const limited = (kilobytes: number) => ['bash', '-c', `ulimit -v ${kilobytes} && exec "$@"`, 'bash'];

describe.skipIf(whyNoDevice).concurrent(`cells that fail ${whyNoDevice ?? ''}`, () => {
  test('a device lost in each attempt, a kernel refused in each: failed with the reason, others are trained', async () => {
    const { file, dir } = configure({ ...sweep, optimizers: ['sgdw', 'adamw', 'adam'] });
    const faults = 'lose-device:SGDW:1.4,refuse-kernel:AdamW:0.5';
    const ended = await adamwBench(run(file, dir, '-q', '--checkpoint-epochs', '1'), {
      env: { ...env, ADAMW_BENCH_FAULT: faults },
    });
    expect(ended.code).toBe(3);
    expect(runsOf(dir)).toMatchObject({
      SGDW: { status: 'failed', attempts: '2', reason: expect.stringMatching(/^The GPU was lost/) as string },
      AdamW: {
        status: 'failed',
        attempts: '2',
        reason: expect.stringMatching(/^The GPU has refused a kernel/) as string,
      },
      'Adam+L2': { status: 'ok', attempts: '1' },
    });
  });

  test('a network that is too large for the device fails at once, with both sizes', async () => {
    const { file, dir } = configure({ ...sweep, ...large });
    expect(await adamwBench(run(file, dir, '-q', '--retries', '3'), { env })).toMatchObject({ code: 3 });
    expect(runsOf(dir)).toMatchObject({
      AdamW: { status: 'failed', attempts: '1', reason: expect.stringMatching(tooLarge) as string },
    });
  });

  test.skipIf(noRedis)('over a queue, too', async () => {
    const redis = await startRedis();
    const { file, dir } = configure({ ...sweep, ...large });
    const worker = start(['worker', redis.url], { env });
    try {
      const args = run(file, dir, '-q', '--retries', '3', '--queue', redis.url);
      expect(await adamwBench(args, { env })).toMatchObject({ code: 3 });
      expect(runsOf(dir)).toMatchObject({
        AdamW: { status: 'failed', attempts: '1', reason: expect.stringMatching(tooLarge) as string },
      });
    } finally {
      worker.child.kill('SIGTERM');
      await worker.ended;
      await redis.stop();
    }
  });

  test('a tensor for which the device has no memory is refused where it is brought there', async () => {
    const module = (name: string) =>
      JSON.stringify(new URL(`../../../dist/backends/${name}`, import.meta.url));
    const script = `
      const { loadBackend } = await import(${module('index.js')});
      const { engine } = await import(${module('tfjs.js')});
      await loadBackend('webgpu');
      const { backend } = engine();
      const values = new Float32Array(2 ** 25);
      try {
        for (let i = 0; i < 64; i++)
          backend.uploadToGPU(backend.makeTensorInfo([values.length], 'float32', values).dataId);
      } catch ({ code, message }) {
        console.log(code, message);
      }`;
    const [command, ...args] = limited(2_600_000);
    const { stdout } = spawnSync(command!, [...args, process.execPath, '--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(
      /^device-memory The GPU has no memory left: the tensors of this process take \d+ MiB/m,
    );
  });

  test('a device without memory left: failed with the bytes in use', async () => {
    const { file, dir } = configure({ ...sweep, optimizers: ['adamw'] });
    const ended = await adamwBench(run(file, dir, '-q'), {
      env: { ...env, ADAMW_BENCH_FAULT: 'fill-device:*:1' },
      through: limited(3_600_000),
    });
    expect(ended.code).toBe(3);
    const reason = /^The GPU has no memory left: the tensors of this process take [\d.]+ MiB/;
    expect(runsOf(dir)).toMatchObject({
      AdamW: { status: 'failed', attempts: '2', reason: expect.stringMatching(reason) as string },
    });
  });
});
