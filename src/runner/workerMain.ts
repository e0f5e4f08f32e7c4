/**
 * A worker process: sets up backend and data once, then trains one cell after another as it is told. It lives only
 * as long as its coordinator. workerStart.ts is where its process begins.
 */
import { gpuEnvironment, listGpus, visibleGpus } from '../backends/gpus.js';
import { deviceFailure, onDeviceLost } from '../backends/device.js';
import { backendOfIdentity, usesCuda, requireIdentity } from '../backends/identity.js';
import { useBackend } from '../backends/index.js';
import { forSeed, loadDataset, type Dataset } from '../data/index.js';
import { ModelError } from '../models/error.js';
import type { Cell } from '../experiment/cell.js';
import type { Beat, EpochMetrics } from '../experiment/record.js';
import type { Progress } from '../train/snapshot.js';
import { folderStore } from './checkpoints.js';
import { faultsOf, parseFaults } from './fault.js';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.js';
import { trainCell } from './trainCell.js';

/** At most one beat in this time, milliseconds. */
const beatInterval = 500;

let setup: WorkerSetup | undefined;
let dataset: Dataset | undefined;
let busy = false;
let stopping = false;

/** Resolves when the message has been handed over, so that an exit right after it loses nothing. */
const say = (message: FromWorker) =>
  new Promise<void>((resolve) => {
    if (process.connected) process.send!(message, undefined, undefined, () => resolve());
    else resolve();
  });

/** Loads the backend that the cells are of. What decides on its device must be in the environment before. */
async function computeWith({ backend, threads, slot = 0 }: WorkerSetup): Promise<void> {
  if (usesCuda(backend)) {
    const visible = visibleGpus(listGpus(), process.env['CUDA_VISIBLE_DEVICES']);
    Object.assign(process.env, gpuEnvironment(slot, visible));
  }
  requireIdentity(backend, await useBackend(backendOfIdentity(backend), { threads }));
  // A cell under way learns of it by itself. The next one gets another process.
  onDeviceLost(() => busy || process.exit(1));
}

async function prepare(wanted: WorkerSetup): Promise<void> {
  await computeWith(wanted);
  dataset = await loadDataset(wanted.dataset, {
    download: false,
    ...(wanted.dataDir === undefined ? {} : { dataDir: wanted.dataDir }),
  });
  setup = wanted;
  await say({ type: 'ready', fingerprint: dataset.fingerprint });
}

/**
 * A function to call after every batch, which sends a beat now and then. The first batch always sends one, so that the
 * memory of a cell is looked at however soon it ends.
 */
function pulse(
  cell: Cell,
  trainSize: number,
): { beat(progress: Progress): void; epoch(metrics: EpochMetrics): void } {
  let sentAt = -Infinity;
  let testError: number | null = null;
  const steps = Math.ceil(trainSize / cell.batchSize);
  return {
    epoch: (metrics) => (testError = metrics.testError),
    beat({ epoch, batch, scored, lossSum, epochSeconds }) {
      const now = performance.now();
      if (now - sentAt < beatInterval) return;
      sentAt = now;
      const seen = Math.min(scored * cell.batchSize, trainSize);
      const beat: Beat = {
        epoch: epoch + batch / steps,
        trainLoss: seen > 0 ? lossSum / seen : null,
        testError,
        imagesPerSecond: epochSeconds > 0 ? seen / epochSeconds : null,
        memory: process.memoryUsage.rss(),
      };
      void say({ type: 'beat', beat });
    },
  };
}

const faults = parseFaults(process.env.ADAMW_BENCH_FAULT);

async function trainOne({ job, attempt }: Extract<ToWorker, { type: 'train' }>): Promise<void> {
  const own = forSeed(dataset!, job.cell.dataset, job.cell.seed);
  const { beat, epoch } = pulse(job.cell, own.train.n);
  const fail = faultsOf(faults, job, attempt, Math.ceil(own.train.n / job.cell.batchSize));
  const record = await trainCell(job, {
    dataset: own,
    store: folderStore(setup!.checkpoints),
    policy: setup!.policy,
    ...(setup!.weights === undefined ? {} : { weights: folderStore(setup!.weights) }),
    attempt,
    onBeat(progress) {
      beat(progress);
      fail(progress);
    },
    onEpoch: epoch,
    onNotice: (text) => void say({ type: 'notice', text }),
    shouldStop: () => stopping,
  });
  if (record) await say({ type: 'record', record });
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Tells why something has failed. A process whose device has failed cannot compute any more, and ends. */
async function fail(error: unknown): Promise<void> {
  const failure = deviceFailure();
  if (failure) {
    await say({ type: 'error', message: failure.message, kind: 'device' });
    process.exit(1);
  }
  const kind = error instanceof ModelError ? 'model' : 'error';
  await say({ type: 'error', message: messageOf(error), kind });
}

async function exit(): Promise<never> {
  await say({ type: 'stopped' });
  process.exit(0);
}

async function handle(message: ToWorker): Promise<void> {
  if (message.type === 'stop') {
    stopping = true;
    if (!busy) await exit();
    return;
  }
  busy = true;
  try {
    if (message.type === 'setup') await prepare(message.setup);
    else await trainOne(message);
  } catch (error) {
    await fail(error);
  }
  busy = false;
  if (stopping) await exit();
}

process.on('message', (message) => void handle(message as ToWorker));
process.on('disconnect', () => process.exit(1));
// The coordinator may have gone while this file was loading: no event would tell.
if (!process.connected) process.exit(1);
