import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { kernelRows, kernelTable, type Timed } from '../../bench/kernels/rows.js';
import { workOf, type Call } from '../../bench/kernels/work.js';
import { productsOf, trainingFlops } from '../../bench/speed/flops.js';
import { models } from '../../bench/speed/models.js';
import { startProcess } from '../../bench/speed/process.js';

const inRepository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const hasAddon = existsSync(inRepository('native/build/Release/adamw_onednn.node'));

const matmul = (m: number, k: number, n: number): Call => ({
  kernel: 'matmul',
  args: [
    1,
    1,
    m,
    k,
    n,
    false,
    true,
    { bytes: 4 * m * k },
    { bytes: 4 * k * n },
    null,
    false,
    { bytes: 4 * m * n },
  ],
});

describe('the work of a call', () => {
  test('of a product, by its sizes', () => {
    const { flops, bytes, shape } = workOf(matmul(2, 3, 5));
    expect({ flops, bytes }).toEqual({ flops: 60, bytes: 4 * (6 + 15 + 10) });
    expect(shape).toBe("[2, 3] x [3, 5], A B'");
  });

  test('of a convolution, by its geometry; the geometry is no memory to read', () => {
    const ints = [2, 8, 8, 3, 5, 5, 4, 2, 2, 1, 1, 2, 2, 4, 4];
    const call = { kernel: 'conv2dInputGradient', args: [{ bytes: 60, ints }, { bytes: 100 }] };
    expect(workOf(call)).toEqual({
      shape: '[2, 8, 8, 3] * 5x5 -> 4 / 2',
      flops: 2 * 2 * 16 * 4 * 25 * 3,
      bytes: 100,
    });
  });

  test('of anything else, by its memory', () => {
    expect(workOf({ kernel: 'relu', args: [{ bytes: 8 }, { bytes: 8 }] })).toMatchObject({
      flops: undefined,
      bytes: 16,
    });
  });
});

test.runIf(hasAddon).each(models)(
  'the calls of a step of $name do the multiply-adds of its definition',
  async ({ spec, shape }) => {
    const batchSize = 2;
    const setup = JSON.stringify({ model: spec, shape, batchSize, threads: 1 });
    const worker = inRepository('bench/kernels/worker.mjs');
    const { stepper } = await startProcess({
      name: 'kernels',
      command: process.execPath,
      args: [worker, setup],
    });
    try {
      const { calls } = await stepper.ask<{ calls: (Call & { count: number })[] }>({ do: 'calls' });
      const flops = calls.reduce((sum, call) => sum + call.count * (workOf(call).flops ?? 0), 0);
      expect(flops).toBe(batchSize * trainingFlops(productsOf(spec, shape)));
      const { seconds } = await stepper.ask({ do: 'time', call: 0, seconds: 0 });
      expect(seconds).toBeGreaterThan(0);
    } finally {
      await stepper.end();
    }
  },
  60_000,
);

describe('rows', () => {
  const timed = (call: Call, model: string, seconds: number): Timed => ({
    model,
    call,
    count: 2,
    seconds: [seconds, seconds, seconds],
    peaks: [100, 100, 50],
  });
  const relu = (bytes: number): Call => ({ kernel: 'relu', args: [{ bytes }] });
  const rows = kernelRows([
    timed(relu(4e6), 'mlp', 1e-3),
    timed(matmul(1000, 1000, 500), 'mlp', 0.02),
    timed(matmul(1000, 1000, 250), 'mlp', 0.02),
    timed(matmul(1000, 1000, 250), 'cnn', 0.02),
    timed(relu(1e6), 'cnn', 1e-3),
  ]);

  test('the worst comes first, products before what memory limits', () => {
    expect(rows.map(({ shape, kernel }) => kernel + shape.slice(0, 26))).toEqual([
      'matmul[1000, 1000] x [1000, 250]',
      'matmul[1000, 1000] x [1000, 500]',
      'relu',
      'relu',
    ]);
    expect(rows.map((row) => row.gigabytesPerSecond).slice(2)).toEqual([1, 4]);
  });

  test('shares are of the same round, and networks with the same call share a row', () => {
    const [worst] = rows;
    expect(worst).toMatchObject({ networks: ['mlp', 'cnn'], msInStep: { mlp: 40, cnn: 40 } });
    expect(worst!.gflops).toBeCloseTo(25);
    expect(worst!.shareOfPeak).toBeCloseTo(0.25);
  });

  test('fill two tables', () => {
    const [products, others] = kernelTable(rows);
    expect([products.rows.length, others.rows.length]).toEqual([2, 2]);
    expect(products.rows[0]).toContain('25 %');
  });
});
