/** Whole runs on TensorFlow, whose steps read nothing back. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import type { Cell } from '../../../src/experiment/cell.js';
import type { ModelSpec } from '../../../src/experiment/specs.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/train/checkpoint.js';
import type { Progress, Snapshot } from '../../../src/train/snapshot.js';
import { train, type Outcome } from '../../../src/train/train.js';
import { encodeWeights, decodeWeights, evaluateWeights } from '../../../src/train/weights.js';
import { cell, decided, tiny } from '../../train/tiny.js';
import { missing } from './setUp.js';

const models: readonly ModelSpec[] = [
  { name: 'mlp', hidden: [6] },
  { name: 'mlp', hidden: [6], batchNorm: true },
  { name: 'cnn', filters: [4], hidden: [5] },
  { name: 'resnet', depth: 8, width: 4 },
  { name: 'shake-shake', depth: 8, width: 2, per: 'image' },
];

/** Epochs of three steps, on augmented images. */
const cellOf = (model: ModelSpec, more: Parameters<typeof cell>[0] = {}): Cell =>
  cell({
    model,
    epochs: 3,
    dataset: {
      name: 'synthetic-mnist',
      subsetSeed: 0,
      labelNoise: 0,
      augment: { crop: 1, flip: true },
    },
    ...more,
  });

interface Binding {
  executeOp: (...args: unknown[]) => unknown;
  tensorDataSync: (id: number) => unknown;
}

/** Counts the reads from the device that TensorFlow's binding is asked for. */
function watchReads(): { readonly count: () => number; stop(): void } {
  const backend = tf.engine().backend as unknown as { binding: Binding };
  const real = backend.binding;
  let count = 0;
  backend.binding = Object.create(real, {
    tensorDataSync: { value: (id: number) => (count++, real.tensorDataSync(id)) },
  }) as Binding;
  return { count: () => count, stop: () => (backend.binding = real) };
}

/** Ends and goes on after each of these numbers of steps. */
async function trainCut(of: Cell, cuts: readonly number[]): Promise<Outcome> {
  let from: Snapshot | undefined;
  for (const cut of cuts) {
    let steps = from ? from.position.epoch * 3 + from.position.batch : 0;
    let kept: Snapshot | undefined;
    const { status } = await train(
      of,
      tiny,
      { shouldStop: () => ++steps >= cut, onInterrupt: (snapshot) => void (kept = snapshot) },
      from,
    );
    expect(status).toBe('interrupted');
    from = decodeCheckpoint(of, encodeCheckpoint(of, kept!));
  }
  return train(of, tiny, {}, from);
}

describe.skipIf(missing)('a run on TensorFlow', () => {
  beforeAll(async () => {
    await loadBackend('cpu');
    await loadBackend('tensorflow', { threads: 1 });
  });

  afterEach(() => void vi.useRealTimers());

  describe.each(models)('of $name, batch norm $batchNorm', (model) => {
    test('has the metrics of the cpu backend', async () => {
      const of = cellOf(model);
      const here = await train(of, tiny);
      await tf.setBackend('cpu');
      const there = await train(of, tiny);
      await tf.setBackend('tensorflow');
      expect(here.status).toBe('ok');
      here.metrics.forEach((epoch, i) => {
        const wanted = there.metrics[i]!;
        expect(epoch.trainLoss / wanted.trainLoss).toBeCloseTo(1, 3);
        expect(epoch.testLoss / wanted.testLoss).toBeCloseTo(1, 3);
        expect(epoch.thetaNorm / wanted.thetaNorm).toBeCloseTo(1, 4);
        // At most one image of ten, and of six, on the edge.
        expect(Math.abs(epoch.trainError - wanted.trainError)).toBeLessThan(0.11);
        expect(Math.abs(epoch.testError - wanted.testError)).toBeLessThan(0.17);
      });
    });

    test('that is cut and continued is the run that was not cut, bit for bit', async () => {
      const of = cellOf(model, { optimizer: { exclude: 'rank1' } });
      const before = tf.memory().numTensors;
      const whole = await train(of, tiny);
      expect(decided(await trainCut(of, [1, 2, 3, 5, 7]))).toEqual(decided(whole));
      expect(decided(await train(of, tiny))).toEqual(decided(whole));
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  test('records what decay does, and goes on with it', async () => {
    const of = cellOf(models[0]!, { recordDecay: true });
    const whole = await train(of, tiny);
    expect(whole.decay!.length).toBeGreaterThan(0);
    expect(decided(await trainCut(of, [2, 5]))).toEqual(decided(whole));
  });

  const late: Cell['schedule'] = { name: 'step', at: [0.67], factor: 0.1 };
  const rules: readonly Parameters<typeof cell>[0][] = [
    { schedule: late },
    { schedule: late, optimizer: { name: 'adam', epsForm: 'torch7' } },
    {
      schedule: { name: 'warm-restarts', firstCycle: 1, multiply: 2 },
      optimizer: { convention: 'normalized' },
    },
    { schedule: late, optimizer: { name: 'adam', convention: 'lr', placement: 'cautious' } },
    { schedule: late, optimizer: { name: 'sgd', momentumForm: 'torch' } },
    { schedule: late, optimizer: { name: 'sgdw', momentumForm: 'paper', convention: 'constant' } },
    { schedule: late, optimizer: { name: 'sgdw', momentumForm: 'torch', exclude: 'rank1' } },
  ];

  test.each(rules)('recorded and kernel by kernel, the bits are equal: %j', async (rule) => {
    const of = cellOf(models[0]!, { ...rule, epochs: 4 });
    const recorded = await train(of, tiny);
    const backend = tf.engine().backend as unknown as { repeat: unknown };
    const { repeat } = backend;
    backend.repeat = undefined;
    const asItIs = await train(of, tiny).finally(() => (backend.repeat = repeat));
    expect(decided(recorded)).toEqual(decided(asItIs));
  });

  test('takes snapshots where they are wanted, and each leads to the same end', async () => {
    const of = cellOf(models[1]!, { optimizer: { name: 'sgdw' } });
    const taken: Snapshot[] = [];
    const whole = await train(of, tiny, {
      wantsSnapshot: ({ epoch, batch }) => epoch + batch === 2,
      onSnapshot: (snapshot) => void taken.push(snapshot),
    });
    const places = taken.map(({ position: { epoch, batch } }) => [epoch, batch]);
    expect(places).toEqual([
      [0, 2],
      [1, 1],
      [2, 0],
    ]);
    for (const from of taken) expect(decided(await train(of, tiny, {}, from))).toEqual(decided(whole));
  });

  test('reads nothing in a step: three times an epoch, and the weights at the end', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const seen: { progress: Progress; reads: number }[] = [];
    const reads = watchReads();
    const of = cellOf(models[3]!);
    await train(of, tiny, { onBeat: (progress) => void seen.push({ progress, reads: reads.count() }) });
    reads.stop();
    // An epoch reads the scores of its steps and of its evaluation, and theta's norm. The run's first step is waited for.
    for (const { progress, reads } of seen) {
      const { epoch, batch, scored } = progress;
      expect(reads).toBe(1 + 3 * epoch + (batch === 3 ? 1 : 0));
      expect(scored).toBe(batch === 3 ? 3 : epoch === 0 ? 1 : 0);
    }
    const weights = 1 + 2 + 1;
    expect(reads.count()).toBe(1 + 3 * of.epochs + weights);
  });

  test('reads the scores in mid-epoch once they have waited for some seconds', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const scored: number[] = [];
    const reads = watchReads();
    const of = cellOf(models[0]!, { epochs: 1, batchSize: 2 });
    await train(of, tiny, {
      onBeat(progress) {
        scored.push(progress.scored);
        if (progress.batch === 2) vi.advanceTimersByTime(5000);
      },
    });
    reads.stop();
    expect(scored.slice(0, 5)).toEqual([1, 1, 3, 4, 5]);
    // Steps 1, 3, 4 and 5; evaluation, norm; the weights of a network without state.
    expect(reads.count()).toBe(4 + 2 + 3);
  });

  test('diverges at the step at which the cpu backend does, with the epochs that were whole', async () => {
    const wild = { lr: 1e30, optimizer: { name: 'sgd' } } as const;
    const later: Parameters<typeof cell>[0] = {
      lr: 1e-3,
      optimizer: { name: 'sgd' },
      schedule: { name: 'step', at: [0.4], factor: 1e33 },
    };
    for (const settings of [wild, later, { ...wild, batchSize: 10 }]) {
      const of = cellOf({ name: 'mlp', hidden: [6] }, settings);
      const here = await train(of, tiny);
      await tf.setBackend('cpu');
      const there = await train(of, tiny);
      await tf.setBackend('tensorflow');
      const place = ({ reason }: Outcome) => reason!.replace(/was \S+/, '');
      expect(here.status).toBe('diverged');
      expect(place(here)).toBe(place(there));
      expect(here.metrics.map(({ epoch }) => epoch)).toEqual(there.metrics.map(({ epoch }) => epoch));
    }
  });

  test('that has diverged takes no snapshot and is not interrupted: it ends as diverged', async () => {
    const of = cellOf({ name: 'mlp', hidden: [6] }, { lr: 1e30, optimizer: { name: 'sgd' } });
    let taken = 0;
    const late = ({ batch }: Progress) => batch === 2;
    const { status, weights } = await train(of, tiny, {
      wantsSnapshot: late,
      onSnapshot: () => void taken++,
    });
    expect({ status, taken }).toEqual({ status: 'diverged', taken: 0 });
    // Those after the last step that was taken; nobody keeps them.
    expect([...weights.theta].every(Number.isFinite)).toBe(false);
    let steps = 0;
    const stopped = await train(of, tiny, { shouldStop: () => ++steps === 2 });
    expect(stopped).toMatchObject({
      status: 'diverged',
      reason: expect.stringMatching(/1, step 2$/) as string,
    });
  });

  test('leaves weights that evaluate to its last epoch', async () => {
    const of = cellOf(models[3]!);
    const outcome = await train(of, tiny);
    const kept = decodeWeights(encodeWeights(of, tiny, outcome));
    const { loss, error } = await evaluateWeights(kept, tiny);
    const last = outcome.metrics.at(-1)!;
    expect({ loss, error }).toEqual({ loss: last.testLoss, error: last.testError });
  });
});
