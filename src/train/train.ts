/**
 * The only training loop: epochs of shuffled batches, each a step; after every epoch the test set; at the end a
 * record. A run can be stopped at any batch and continued bit for bit.
 */
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { tensor1d, type Tensor1D } from '../backends/tfjs.js';
import { forget } from '../backends/repeat.js';
import { useXla } from '../backends/xla.js';
import type { Dataset } from '../data/index.js';
import { buildModel, decayMask, requireTensors, type Model } from '../models/index.js';
import {
  makeOptimizer,
  makeSchedule,
  slotsOf,
  type Optimizer,
  type ScheduleFunction,
} from '../optim/index.js';
import { permutation, stream } from '../random/stream.js';
import type { Cell } from '../experiment/cell.js';
import { decayRecorder, type DecayRecorder } from './decay.js';
import { evaluateBatches } from './evaluate.js';
import { augmentationOf, batchLoader, type BatchLoader } from './loader.js';
import type { DecayBucket, EpochMetrics } from '../experiment/record.js';
import { passesOf, type Passes } from './passes.js';
import { weightArrays, weightTensors, type Position, type Progress, type Snapshot } from './snapshot.js';
import type { Batch, Weights } from './step.js';

/** The callbacks of a run, and how to stop it. */
export interface Observer {
  onEpoch?(metrics: EpochMetrics): void;
  /** After every batch, trained or evaluated: a sign of life. */
  onBeat?(progress: Progress): void;
  /** Asked after every step but an epoch's last, and after every epoch: whether to take a snapshot there. */
  wantsSnapshot?(progress: Progress): boolean;
  /** The run as it stands where it was wanted. */
  onSnapshot?(snapshot: Snapshot): void | Promise<void>;
  /** Asked after every step: true ends the run there, as `interrupted`. */
  shouldStop?(): boolean;
  /** The run as it stands where it was told to stop. */
  onInterrupt?(snapshot: Snapshot): void | Promise<void>;
}

/**
 * How a run ended. `diverged`: a loss was not finite; the metrics end with the last whole epoch, and the weights are
 * those when this was found, which on a deferred backend is some steps later.
 */
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
  readonly passes: Passes;
  weights: Weights;
  /** As far as the scores are known. */
  position: Position;
  /** Batches of the epoch that were given to the backend. */
  taken: number;
  metrics: EpochMetrics[];
}

/** A snapshot that does not fit the cell, model and data. Thrown before any training. */
export class InvalidSnapshot extends Error {}

/**
 * Trains one cell on a data set with the current tfjs backend, from the start or from a snapshot.
 * @throws InvalidSnapshot before any training
 * @throws ModelError before any training, where the backend's device has no room for the network's tensors
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
      if (ended?.status === 'interrupted') await observer.onInterrupt?.(await snapshotOf(run));
      if (ended) return await outcome(run, ended);
      observer.onEpoch?.(run.metrics.at(-1)!);
      if (observer.wantsSnapshot?.(progressOf(run))) await observer.onSnapshot?.(await snapshotOf(run));
    }
    return await outcome(run, { status: 'ok' });
  } finally {
    dispose(run);
  }
}

type Ending = Pick<Outcome, 'status' | 'reason'>;

/** Trains the rest of the current epoch. Returns how the run ended, if it did. */
async function trainEpoch(run: Run, observer: Observer): Promise<Ending | undefined> {
  const { loader, passes, schedule, cell } = run;
  const { epoch } = run.position;
  const order = permutation(loader.trainSize, stream(cell.seed, 'shuffle', epoch));
  const clock = stopwatch();
  let batch = trainingBatch(run, order);
  while (batch) {
    const t = epoch * loader.stepsPerEpoch + run.taken + 1;
    const random = stream(cell.seed, 'forward', epoch, run.taken);
    run.weights = await passes.train(run.weights, batch, { t, ...schedule(t) }, random);
    run.taken++;
    // While the device computes.
    batch = trainingBatch(run, order);
    if (passes.isDue() || !batch) {
      const ended = await settle(run, clock);
      if (ended) return ended;
    }
    await yieldToEvents();
    observer.onBeat?.(progressOf(run));
    if (observer.shouldStop?.()) return (await settle(run, clock)) ?? { status: 'interrupted' };
    if (batch && observer.wantsSnapshot?.(progressOf(run))) {
      const ended = await settle(run, clock);
      if (ended) return ended;
      await observer.onSnapshot?.(await snapshotOf(run));
    }
    if (run.taken === run.position.batch) clock.restart();
  }
  return undefined;
}

/** The epoch's next batch, of the images that are next in `order`; undefined at its end. */
function trainingBatch({ cell, loader, position, taken }: Run, order: Int32Array): Batch | undefined {
  if (taken >= loader.stepsPerEpoch) return undefined;
  const images = order.subarray(taken * cell.batchSize, (taken + 1) * cell.batchSize);
  return loader.train(images, stream(cell.seed, 'augment', position.epoch, taken));
}

/**
 * Adds the scores of the steps that were taken to the position, in their order. Their time is counted, too.
 * @returns how the run ended, if a loss was not finite
 */
async function settle(run: Run, clock: Stopwatch): Promise<Ending | undefined> {
  const { cell, loader } = run;
  const scores = await run.passes.scores();
  if (scores.length === 0) return undefined;
  const seconds = clock.seconds();
  let { batch, lossSum, wrong } = run.position;
  for (const score of scores) {
    if (!Number.isFinite(score.loss)) {
      return {
        status: 'diverged',
        reason: `the loss was ${score.loss} in epoch ${run.position.epoch + 1}, step ${batch + 1}`,
      };
    }
    const images = Math.min(cell.batchSize, loader.trainSize - batch * cell.batchSize);
    lossSum += score.loss * images;
    wrong += score.wrong;
    batch++;
  }
  run.position = {
    epoch: run.position.epoch,
    batch,
    lossSum,
    wrong,
    epochSeconds: run.position.epochSeconds + seconds,
    seconds: run.position.seconds + seconds,
  };
  return undefined;
}

interface Stopwatch {
  restart(): void;
  /** Since the start or the last restart. */
  seconds(): number;
}

function stopwatch(): Stopwatch {
  let began = performance.now();
  return {
    restart: () => (began = performance.now()),
    seconds: () => (performance.now() - began) / 1000,
  };
}

/** Evaluates the trained epoch, and moves to the next. */
async function evaluateEpoch(run: Run, observer: Observer): Promise<Ending | undefined> {
  const { loader, position, cell } = run;
  const clock = stopwatch();
  const totalsOf = (batches: Iterable<Batch>) =>
    evaluateBatches(run.passes, run.weights, batches, async () => {
      await yieldToEvents();
      observer.onBeat?.(progressOf(run));
    });
  const test = await totalsOf(loader.test());
  const held = loader.validationSize > 0 ? await totalsOf(loader.validation()) : undefined;
  const seconds = clock.seconds();
  const testLoss = test.loss / test.answers;
  const epoch = position.epoch + 1;
  if (!Number.isFinite(testLoss)) {
    return { status: 'diverged', reason: `the test loss was ${testLoss} after epoch ${epoch}` };
  }
  run.metrics.push({
    epoch,
    lr: run.schedule(epoch * loader.stepsPerEpoch).eta * cell.lr,
    trainLoss: position.lossSum / loader.trainSize,
    trainError: position.wrong / (loader.trainSize * loader.answers),
    testLoss,
    testError: test.wrong / test.answers,
    ...(held && {
      validationLoss: held.loss / held.answers,
      validationError: held.wrong / held.answers,
    }),
    thetaNorm: norm(await run.weights.theta.data()),
    imagesPerSecond: loader.trainSize / position.epochSeconds,
    seconds: position.epochSeconds + seconds,
  });
  run.position = { ...start, epoch, seconds: position.seconds + seconds };
  run.taken = 0;
  return undefined;
}

const progressOf = ({ position, taken }: Run): Progress => ({
  ...position,
  batch: taken,
  scored: position.batch,
});

const start: Position = { epoch: 0, batch: 0, lossSum: 0, wrong: 0, epochSeconds: 0, seconds: 0 };

function prepare(cell: Cell, dataset: Dataset, from?: Snapshot): Run {
  useXla(cell.xla === true);
  const model = buildModel(cell.model, dataset);
  requireTensors(model, cell);
  const loader = batchLoader(dataset, augmentationOf(cell.dataset), cell.batchSize);
  if (from) checkSnapshot(from, cell, model, loader);
  const decays = decayMask(model, cell.optimizer.exclude);
  const mask = decays && tensor1d(decays);
  const layout = model.params.map(({ shape }) => shape);
  const { stepsPerEpoch } = loader;
  const optimizer = makeOptimizer(cell.optimizer, { lr: cell.lr, wd: cell.wd, mask, layout, stepsPerEpoch });
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
    loader,
    recorder,
    mask,
    passes: passesOf(model, optimizer, recorder),
    schedule: makeSchedule(cell.schedule, {
      epochs: cell.epochs,
      stepsPerEpoch: loader.stepsPerEpoch,
      warmup: cell.warmup,
    }),
    weights: weightTensors(from ?? fresh()),
    position: from?.position ?? start,
    taken: from?.position.batch ?? 0,
    metrics: [...(from?.metrics ?? [])],
  };
}

/** Arrays of other lengths would train another model, or fail later. @throws InvalidSnapshot */
function checkSnapshot(from: Snapshot, cell: Cell, model: Model, loader: BatchLoader): void {
  const { parameterCount: n, stateCount } = model;
  const slots = slotsOf(cell.optimizer).map(() => n);
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

/** All scores must be known. */
const snapshotOf = async (run: Run): Promise<Snapshot> => ({
  position: run.position,
  metrics: [...run.metrics],
  ...(await weightArrays(run.weights)),
  ...(run.recorder ? { recorder: run.recorder.arrays() } : {}),
});

const outcome = async (run: Run, ending: Ending): Promise<Outcome> => ({
  ...ending,
  metrics: run.metrics,
  weights: await weightArrays(run.weights),
  ...(run.recorder && ending.status === 'ok' ? { decay: run.recorder.buckets() } : {}),
  seconds: run.position.seconds,
});

function dispose(run: Run): void {
  for (const tensor of [run.weights.theta, run.weights.state, ...run.weights.slots]) tensor.dispose();
  run.mask?.dispose();
  run.passes.dispose();
  forget(run.model);
}

function norm(theta: Float32Array | Int32Array | Uint8Array): number {
  let sum = 0;
  for (const value of theta) sum += value * value;
  return Math.sqrt(sum);
}
