/**
 * The step of deferred backends is that of the others, to the bit. Both run on the cpu backend here, which computes the
 * same operations for both; test/backends/tensorflow/ has whole runs on a deferred backend.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Cell } from '../../src/experiment/cell.js';
import type { OptimizerName } from '../../src/experiment/placement.js';
import type { ModelSpec } from '../../src/experiment/specs.js';
import { buildModel, decayMask } from '../../src/models/index.js';
import { makeOptimizer } from '../../src/optim/index.js';
import { stream } from '../../src/random/stream.js';
import { RULE_NAMES } from '../../src/rules/index.js';
import { decayRecorder } from '../../src/train/decay.js';
import { deferredEvaluation, deferredStep } from '../../src/train/deferred.js';
import { batchLoader } from '../../src/train/loader.js';
import { weightArrays, weightTensors } from '../../src/train/snapshot.js';
import { evaluate, step, type Score, type Weights } from '../../src/train/step.js';
import { Tally, withScore } from '../../src/train/tally.js';
import { cell, tiny } from './tiny.js';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => void vi.useRealTimers());

const models: ModelSpec[] = [
  { name: 'mlp', hidden: [4] },
  { name: 'cnn', filters: [3], hidden: [] },
  { name: 'resnet', depth: 8, width: 2 },
  { name: 'shake-shake', depth: 8, width: 2, per: 'image' },
  { name: 'shake-shake', depth: 8, width: 2, per: 'batch' },
];

const settings = fc.record({
  model: fc.constantFrom(...models),
  name: fc.constantFrom('adam' as const, 'adamw' as const, 'sgd' as const, 'sgdw' as const),
  exclude: fc.constantFrom('none' as const, 'rank1' as const),
  momentumForm: fc.constantFrom('paper' as const, 'torch' as const),
  epsForm: fc.constantFrom('paper' as const, 'torch7' as const),
  convention: fc.constantFrom('paper' as const, 'lr' as const, 'constant' as const, 'normalized' as const),
  wd: fc.constantFrom(0, 0.03),
  recordDecay: fc.boolean(),
});

/** A network and a rule, with some of its settings. */
interface Settings {
  readonly model: ModelSpec;
  readonly name: OptimizerName;
  readonly exclude: 'none' | 'rank1';
  readonly wd: number;
  readonly recordDecay: boolean;
}

/** Four steps of either kind and an evaluation. */
async function trained({ model: spec, wd, recordDecay, ...rule }: Settings, isDeferred: boolean) {
  const of = cell({ model: spec, optimizer: rule as Partial<Cell['optimizer']>, wd, recordDecay });
  const model = buildModel(spec, tiny);
  const loader = batchLoader(tiny, { crop: 1, flip: true }, 4);
  const mask = rule.exclude === 'rank1' ? tf.tensor1d(decayMask(model, 'rank1')!) : undefined;
  const layout = model.params.map(({ shape }) => shape);
  const optimizer = makeOptimizer(of.optimizer, { lr: of.lr, wd, mask, layout, stepsPerEpoch: 3 });
  const recorder = recordDecay ? decayRecorder(of, model, 4) : undefined;
  const theta = model.initialTheta(1);
  const slots = optimizer.slots.map(() => new Float32Array(theta.length));
  let weights: Weights = weightTensors({ theta, slots, state: model.initialState() });
  const tally = new Tally();
  const scores: Score[] = [];
  for (let t = 1; t <= 4; t++) {
    const at = { t, eta: 1 / t, cycleSteps: 4 };
    const batch = loader.train(Int32Array.from([t, t + 1, 0, t + 2]), stream(1, 'augment', t));
    const random = stream(1, 'forward', t);
    if (isDeferred) {
      weights = await deferredStep({ model, optimizer, tally, recorder }, weights, { batch, at, random });
    } else {
      const done = step(model, optimizer, weights, batch, at, random, recorder?.see(at));
      weights = done.weights;
      scores.push(done.score);
    }
  }
  for (const batch of loader.test()) {
    if (isDeferred) deferredEvaluation(model, weights, batch, tally);
    else scores.push(evaluate(model, weights, batch));
  }
  scores.push(...(await tally.read()));
  const arrays = await weightArrays(weights);
  tf.dispose([weights.theta, weights.state, ...weights.slots, mask ?? []]);
  tally.dispose();
  return { ...arrays, scores, recorded: recorder?.arrays() };
}

test('a deferred step gives the bits of an immediate one', async () => {
  const before = tf.memory();
  await fc.assert(
    fc.asyncProperty(settings, async (of) => {
      const wanted = await trained(of, false);
      expect(await trained(of, true)).toEqual(wanted);
    }),
    { numRuns: 25 },
  );
  expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
});

test.each(RULE_NAMES)('%s: a deferred step gives the bits of an immediate one', async (name) => {
  for (const placement of ['l2', 'decoupled', 'cautious'] as const) {
    const convention = placement === 'l2' ? 'paper' : 'timescale';
    const of = { name, placement, convention, exclude: 'rank1', wd: 0.03, recordDecay: false } as const;
    const model = models[1]!;
    expect(await trained({ ...of, model }, true)).toEqual(await trained({ ...of, model }, false));
  }
});

describe('a tally', () => {
  const add = (tally: Tally, loss: number, logits: number[][], labels: number[]) =>
    tf.tidy(() => {
      const rows = tf.keep(
        withScore(tally.rows, tf.scalar(loss), tf.tensor2d(logits), tf.tensor1d(labels, 'int32')),
      );
      tally.replace(rows);
    });
  const right = [[1, 0]];

  test('gives the scores in their order, each once', async () => {
    const tally = new Tally();
    expect(await tally.read()).toEqual([]);
    add(tally, 0.5, right, [0]);
    add(tally, 0.25, right, [1]);
    expect(await tally.read()).toEqual([
      { loss: 0.5, wrong: 0 },
      { loss: 0.25, wrong: 1 },
    ]);
    expect(await tally.read()).toEqual([]);
    add(tally, NaN, right, [0]);
    add(tally, 2, right, [0]);
    expect(await tally.read()).toEqual([
      { loss: NaN, wrong: 0 },
      { loss: 2, wrong: 0 },
    ]);
    tally.dispose();
  });

  test('counts what is classified wrong; ties go to the lower class', async () => {
    const tally = new Tally();
    add(
      tally,
      1,
      [
        [1, 2, 3],
        [1, 2, 3],
        [2, 2, 1],
        [2, 2, 1],
        [0, 0, 0],
        [-Infinity, 0, -1],
      ],
      [2, 1, 0, 1, 0, 1],
    );
    expect(await tally.read()).toEqual([{ loss: 1, wrong: 2 }]);
    tally.dispose();
  });

  test('is due before a score would be lost', async () => {
    const tally = new Tally();
    vi.useFakeTimers({ toFake: ['performance'] });
    const blocks: number[] = [];
    for (let block = 0; block < 7; block++) {
      expect(tally.isDue).toBe(false);
      const losses: number[] = [];
      while (!tally.isDue) {
        losses.push(losses.length);
        add(tally, losses.length - 1, right, [0]);
      }
      expect((await tally.read()).map(({ loss }) => loss)).toEqual(losses);
      blocks.push(losses.length);
    }
    // The device answers at once here.
    expect(blocks).toEqual([1, 4, 16, 64, 256, 512, 512]);
    tally.dispose();
  });

  test('gives a slow device no more than it does in two seconds', async () => {
    const tally = new Tally();
    vi.useFakeTimers({ toFake: ['performance'] });
    const blocks: number[] = [];
    for (const milliseconds of [10, 400, 900, 3000, 1, 1]) {
      let count = 0;
      while (!tally.isDue) {
        add(tally, count++, right, [0]);
      }
      // The device takes so long for each.
      vi.advanceTimersByTime(count * milliseconds);
      await tally.read();
      blocks.push(count);
    }
    expect(blocks).toEqual([1, 4, 5, 2, 1, 4]);
    tally.dispose();
  });
});
