/** `xla: true`: computations compiled from their first run on, so that runs that are continued give the same bits. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { forget, repeat } from '../../../src/backends/repeat.js';
import { recordStep } from '../../../src/backends/tensorflow/recordStep.js';
import { useXla } from '../../../src/backends/xla.js';
import { adamwBench, configure, journalLines, results, run } from '../../cli/cli.js';
import { runInterrupted } from '../../cli/interrupted.js';
import { cannotRecord, env } from './setUp.js';
import { bitsAfter, bitsOf, initial, makeModel, step } from './wholeStep.js';

const sweep = {
  dataset: { name: 'synthetic-mnist', train: 64, test: 32 },
  model: { name: 'mlp', hidden: [8], batchNorm: true },
  train: { epochs: 2, batchSize: 16 },
  optimizers: ['adamw'],
  grid: { lr: [0.01], wd: [0.01] },
  backend: 'tensorflow',
  xla: true,
};

const stepsOf = (name: 'mlp' | 'cnn', from: number, to: number, state = initial(makeModel(name))) => {
  const model = makeModel(name);
  for (let t = from; t <= to; t++) {
    const next = step(model, state, 4, t);
    next.loss.dispose();
    state = next.state;
  }
  forget(model);
  return state;
};

describe.skipIf(cannotRecord)('with XLA', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', { threads: 1 });
  });
  afterEach(() => useXla(false));

  test.each(['mlp', 'cnn'] as const)(
    '%s: near the other bits, the same in a run that is continued',
    (name) => {
      const plain = stepsOf(name, 1, 6)[0]!.dataSync();
      useXla(true);
      const whole = stepsOf(name, 1, 6);
      // Another model, whose recordings begin with its first step.
      const continued = stepsOf(name, 4, 6, stepsOf(name, 1, 3));
      expect(bitsOf(continued)).toBe(bitsOf(whole));
      const difference = Math.max(...whole[0]!.dataSync().map((x, i) => Math.abs(x - plain[i]!)));
      expect(difference).toBeLessThan(2e-3);
    },
  );

  test('compiled and other runs of one computation keep apart', () => {
    const model = makeModel('mlp');
    const plain = bitsAfter(model, [4, 4, 4, 4], false);
    useXla(true);
    const compiled = bitsAfter(model, [4, 4, 4, 4], false);
    expect(compiled).not.toBe(plain);
    useXla(false);
    expect(bitsAfter(model, [4, 4, 4, 4], false)).toBe(plain);
  });

  test('what changes from run to run is never frozen, and no tensor is left behind', () => {
    useXla(true);
    const owner = {};
    const x = tf.tensor1d([1]);
    const before = tf.memory().numTensors;
    const seen = [1, 2, 3, 4].map((t) => {
      const [y] = repeat({ owner, name: 'f', inputs: [x], run: () => [tf.tidy(() => tf.mul(x, t))] });
      const value = y!.dataSync()[0];
      y!.dispose();
      return value;
    });
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('an operation that XLA does not know is an error with a code', () => {
    const compiled = recordStep((x: tf.Tensor4D) => tf.image.cropAndResize(x, tf.tensor2d([[0, 0, 1, 1]]), tf.tensor1d([0], 'int32'), [2, 2]), { xla: true }); // prettier-ignore
    const x = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
    const go = () => [1, 2, 3].forEach(() => compiled(x));
    expect(go).toThrow(expect.objectContaining({ code: 'xla-failed' }));
  });

  test('a sweep that is interrupted and continued gives the same bits', async () => {
    const whole = configure(sweep);
    expect(await adamwBench(run(whole.file, whole.dir, '-q', '-w', '1'), { env })).toMatchObject({ code: 0 });
    const { file, dir } = configure(sweep);
    await runInterrupted(file, dir, env);
    expect(results(dir)).toEqual(results(whole.dir));
    expect(journalLines(dir).every((line) => line.includes('"xla":true'))).toBe(true);
  });
});

describe('without a backend that compiles', () => {
  test('xla is refused with what to do', async () => {
    await loadBackend('cpu');
    expect(() => useXla(true)).toThrow(/adamw-bench setup tensorflow/);
    expect(() => useXla(false)).not.toThrow();
  });
});
