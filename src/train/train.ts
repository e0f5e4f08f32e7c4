/**
 * The only training loop: epochs of shuffled batches, each a step; after every epoch the test set; at the end a
 * record. A run can be stopped at any batch and continued bit for bit.
 */
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { tensor1d, type Tensor1D } from '@tensorflow/tfjs-core';
import { forget } from '../backends/repeat.js';
import { useXla } from '../backends/xla.js';
import type { Dataset } from '../data/index.js';
import { buildModel, type Model } from '../models/index.js';
import { makeOptimizer, makeSchedule, type Optimizer, type ScheduleFunction } from '../optim/index.js';
import { permutation, stream } from '../random/stream.js';
import type { Cell } from '../experiment/cell.js';
import { decayRecorder, type DecayRecorder } from './decay.js';
import { batchLoader, type BatchLoader } from './loader.js';
import type { DecayBucket, EpochMetrics } from '../experiment/record.js';
import { weightArrays, weightTensors, type Position, type Snapshot } from './snapshot.js';
import { evaluate, step, type Weights } from './step.js';

/** The callbacks of a run, and how to stop it. */
export interface Observer {
  onEpoch?(metrics: EpochMetrics): void;
  /** After every batch, trained or evaluated: a sign of life. */
  onBeat?(position: Position): void;
  /** After every step but an epoch's last, and after every epoch; may keep a snapshot of the run as it stands. */
  onPause?(position: Position, snapshot: () => Snapshot): void | Promise<void>;
  /** Asked after every step: true ends the run there, as `interrupted`. */
  shouldStop?(): boolean;
  /** The run as it stands where it was told to stop. */
  onInterrupt?(snapshot: Snapshot): void | Promise<void>;
}

/** How a run ended. `diverged`: a loss was not finite; the metrics end with the last whole epoch. */
export interface Outcome {
  readonly status: 'ok' | 'diverged' | 'interrupted';
  readonly reason?: string;
  readonly metrics: readonly EpochMetrics[];
  readonly weights: Pick<Snapshot, 'theta' | 'slots' | 'state'>;
  readonly decay?: readonly DecayBucket[];
  /** Training and evaluation time, the parts before a resumption included. */
  readonly seconds: number;
}

interface Run {
  readonly cell: Cell;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly schedule: ScheduleFunction;
  readonly loader: BatchLoader;
  readonly recorder: DecayRecorder | undefined;
  readonly mask: Tensor1D | undefined;
  weights: Weights;
  position: Position;
  metrics: EpochMetrics[];
}

/** A snapshot that does not fit the cell, model and data. Thrown before any training. */
export class InvalidSnapshot extends Error {}

/**
 * Trains one cell on a data set with the current tfjs backend, from the start or from a snapshot.
 * @throws InvalidSnapshot before any training
 */
export async function train(
  cell: Cell,
  dataset: Dataset,
  observer: Observer = {},
  from?: Snapshot,
): Promise<Outcome> {
  const run = prepare(cell, dataset, from);
  try {
    while (run.position.epoch < cell.epochs) {
      const ended = (await trainEpoch(run, observer)) ?? (await evaluateEpoch(run, observer));
      if (ended?.status === 'interrupted') await observer.onInterrupt?.(snapshotOf(run));
      if (ended) return outcome(run, ended);
      observer.onEpoch?.(run.metrics.at(-1)!);
      await observer.onPause?.(run.position, () => snapshotOf(run));
    }
    return outcome(run, { status: 'ok' });
  } finally {
    dispose(run);
  }
}

type Ending = Pick<Outcome, 'status' | 'reason'>;

/** Trains the rest of the current epoch. Returns how the run ended, if it did. */
async function trainEpoch(run: Run, observer: Observer): Promise<Ending | undefined> {
  const { cell, model, optimizer, loader: loader } = run;
  const epoch = run.position.epoch;
  const order = permutation(loader.trainSize, stream(cell.seed, 'shuffle', epoch));
  while (run.position.batch < loader.stepsPerEpoch) {
    const began = performance.now();
    const { position } = run;
    const { batch: b } = position;
    const images = order.subarray(b * cell.batchSize, (b + 1) * cell.batchSize);
    const batch = loader.train(images, stream(cell.seed, 'augment', epoch, b));
    const t = epoch * loader.stepsPerEpoch + b + 1;
    const at = { t, ...run.schedule(t) };
    const random = stream(cell.seed, 'forward', epoch, b);
    const { weights, score } = step(model, optimizer, run.weights, batch, at, random, run.recorder?.see(at));
    run.weights = weights;
    if (!Number.isFinite(score.loss)) {
      return {
        status: 'diverged',
        reason: `the loss was ${score.loss} in epoch ${epoch + 1}, step ${b + 1}`,
      };
    }
    const seconds = (performance.now() - began) / 1000;
    run.position = {
      epoch,
      batch: b + 1,
      lossSum: position.lossSum + score.loss * images.length,
      wrong: position.wrong + score.wrong,
      epochSeconds: position.epochSeconds + seconds,
      seconds: position.seconds + seconds,
    };
    await yieldToEvents();
    observer.onBeat?.(run.position);
    if (observer.shouldStop?.()) return { status: 'interrupted' };
    if (b + 1 < loader.stepsPerEpoch) await observer.onPause?.(run.position, () => snapshotOf(run));
  }
  return undefined;
}

/** Evaluates the trained epoch, and moves to the next. */
async function evaluateEpoch(run: Run, observer: Observer): Promise<Ending | undefined> {
  const { loader: loader, position, cell } = run;
  const began = performance.now();
  let loss = 0;
  let wrong = 0;
  for (const batch of loader.test()) {
    const score = evaluate(run.model, run.weights, batch);
    loss += score.loss * batch.labels.length;
    wrong += score.wrong;
    await yieldToEvents();
    observer.onBeat?.(run.position);
  }
  const seconds = (performance.now() - began) / 1000;
  const testLoss = loss / loader.testSize;
  const epoch = position.epoch + 1;
  if (!Number.isFinite(testLoss)) {
    return { status: 'diverged', reason: `the test loss was ${testLoss} after epoch ${epoch}` };
  }
  run.metrics.push({
    epoch,
    lr: run.schedule(epoch * loader.stepsPerEpoch).eta * cell.lr,
    trainLoss: position.lossSum / loader.trainSize,
    trainError: position.wrong / loader.trainSize,
    testLoss,
    testError: wrong / loader.testSize,
    thetaNorm: norm(run.weights.theta),
    imagesPerSecond: loader.trainSize / position.epochSeconds,
    seconds: position.epochSeconds + seconds,
  });
  run.position = { ...start, epoch, seconds: position.seconds + seconds };
  return undefined;
}

const start: Position = { epoch: 0, batch: 0, lossSum: 0, wrong: 0, epochSeconds: 0, seconds: 0 };

function prepare(cell: Cell, dataset: Dataset, from?: Snapshot): Run {
  useXla(cell.xla === true);
  const model = buildModel(cell.model, dataset);
  const loader = batchLoader(dataset, cell.dataset.augment, cell.batchSize);
  if (from) checkSnapshot(from, cell, model, loader);
  const mask = cell.optimizer.exclude === 'rank1' ? tensor1d(model.rankMask()) : undefined;
  const optimizer = makeOptimizer(cell.optimizer, { lr: cell.lr, wd: cell.wd, mask });
  const fresh = () => {
    const theta = model.initialTheta(cell.seed);
    const slots = optimizer.slots.map(() => new Float32Array(theta.length));
    return { theta, slots, state: model.initialState() };
  };
  const recorder = cell.recordDecay
    ? decayRecorder(cell, model, loader.stepsPerEpoch * cell.epochs, from?.recorder)
    : undefined;
  return {
    cell,
    model,
    optimizer,
    loader: loader,
    recorder,
    mask,
    schedule: makeSchedule(cell.schedule, {
      epochs: cell.epochs,
      stepsPerEpoch: loader.stepsPerEpoch,
      warmup: cell.warmup,
    }),
    weights: weightTensors(from ?? fresh()),
    position: from?.position ?? start,
    metrics: [...(from?.metrics ?? [])],
  };
}

/** Arrays of other lengths would train another model, or fail later. @throws InvalidSnapshot */
function checkSnapshot(from: Snapshot, cell: Cell, model: Model, loader: BatchLoader): void {
  const { parameterCount: n, stateCount } = model;
  const slots = makeOptimizer(cell.optimizer, { lr: cell.lr, wd: cell.wd }).slots.map(() => n);
  const recorder = cell.recordDecay ? [n, n, n, n, 1] : [];
  const check = (what: string, found: readonly Float32Array[], expected: readonly number[]) => {
    const lengths = found.map((array) => array.length).join(', ');
    if (lengths !== expected.join(', ')) {
      throw new InvalidSnapshot(`its ${what} has lengths [${lengths}], not [${expected.join(', ')}]`);
    }
  };
  check('theta', [from.theta], [n]);
  check('layer state', [from.state], [stateCount]);
  check('optimizer state', from.slots, slots);
  check('decay recorder', from.recorder ?? [], recorder);
  if (from.position.batch > loader.stepsPerEpoch) {
    throw new InvalidSnapshot(
      `its batch ${from.position.batch} is beyond the epoch's ${loader.stepsPerEpoch}`,
    );
  }
}

const snapshotOf = (run: Run): Snapshot => ({
  position: run.position,
  metrics: [...run.metrics],
  ...weightArrays(run.weights),
  ...(run.recorder ? { recorder: run.recorder.arrays() } : {}),
});

const outcome = (run: Run, ending: Ending): Outcome => ({
  ...ending,
  metrics: run.metrics,
  weights: weightArrays(run.weights),
  ...(run.recorder && ending.status === 'ok' ? { decay: run.recorder.buckets() } : {}),
  seconds: run.position.seconds,
});

function dispose(run: Run): void {
  for (const tensor of [run.weights.theta, run.weights.state, ...run.weights.slots]) tensor.dispose();
  run.mask?.dispose();
  forget(run.model);
}

function norm(theta: Tensor1D): number {
  let sum = 0;
  for (const value of theta.dataSync()) sum += value * value;
  return Math.sqrt(sum);
}
