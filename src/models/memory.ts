/** Whether a network can be trained in the memory there is: told from its shapes, before anything is allocated. */
import { totalmem } from 'node:os';
import { largestTensor } from '../backends/device.js';
import type { Cell } from '../experiment/cell.js';
import type { Experiment } from '../experiment/experiment.js';
import { slotsOf } from '../optim/index.js';
import { ModelError } from './error.js';
import type { Model } from './model.js';

const FLOAT32_BYTES = 4;
/** What WebAssembly can address. */
const WASM_BYTES = 2 ** 32;

export interface MemoryLimits {
  /** What computes, where it is known (`auto`: not yet). */
  readonly backend: string;
  /** Most memory of one worker that the user allows, bytes; 0 or absent: no limit. */
  readonly limit?: number;
}

/**
 * Least bytes of one worker: theta, its gradient and the optimizer's state, all float32, and the largest activation of
 * one batch. Real training needs more, so a network that exceeds this cannot be trained.
 */
export function leastBytes(model: Model, { train, optimizers }: Experiment): number {
  const slots = Math.max(...optimizers.map((optimizer) => slotsOf(optimizer).length));
  return FLOAT32_BYTES * (model.parameterCount * (2 + slots) + train.batchSize * model.largestActivation);
}

/** Memory that this process may use: the machine's, or its container's where that is less. */
export function availableBytes(): number {
  // 0, or more than any machine has, if no limit is set.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/**
 * Refuses a network that cannot fit into memory here.
 * @throws ModelError with its size
 */
export function requireMemory(
  model: Model,
  experiment: Experiment,
  { backend, limit = 0 }: MemoryLimits,
): void {
  // A GPU has its own memory.
  if (backend === 'tensorflow' || backend === 'webgpu') return;
  const needed = leastBytes(model, experiment);
  const limits = [
    { bytes: availableBytes(), what: 'this machine or its container has' },
    ...(backend === 'wasm' ? [{ bytes: WASM_BYTES, what: 'the backend wasm can address' }] : []),
    ...(limit > 0 ? [{ bytes: limit, what: '--memory-limit allows a worker' }] : []),
  ];
  const tightest = limits.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  if (needed <= tightest.bytes) return;
  const parameters = `${model.parameterCount.toLocaleString('en')} parameters (${gibibytes(model.parameterCount * FLOAT32_BYTES)})`;
  throw new ModelError(
    `The network ${experiment.model.name} has ${parameters}. With gradient, optimizer state and a batch of ${experiment.train.batchSize} it takes at least ${gibibytes(needed)}, more than the ${gibibytes(tightest.bytes)} that ${tightest.what}.`,
    { code: 'model-too-large', remedy: 'Make the network or the batch smaller.' },
  );
}

/**
 * Refuses a network with a tensor that is too large for the device that computes: its parameters, or what a layer gives
 * for a batch. Only the process that has the device knows its limit.
 * @param largest bytes of the largest tensor; undefined: no limit
 * @throws ModelError with both sizes
 */
export function requireTensors(
  model: Model,
  { model: { name }, batchSize }: Pick<Cell, 'model' | 'batchSize'>,
  largest = largestTensor(),
): void {
  if (largest === undefined) return;
  const { parameterCount, largestActivation } = model;
  const tensors = [
    {
      values: parameterCount,
      what: `Its ${parameterCount.toLocaleString('en')} parameters are one tensor of`,
      remedy: 'Make the network smaller.',
    },
    {
      values: batchSize * largestActivation,
      what: `For a batch of ${batchSize}, its largest layer has a tensor of`,
      remedy: 'Make the batch or the network smaller.',
    },
  ];
  for (const { values, what, remedy } of tensors) {
    const bytes = FLOAT32_BYTES * values;
    if (bytes <= largest) continue;
    throw new ModelError(
      `The network ${name} does not fit onto this GPU. ${what} ${gibibytes(bytes)}, and the GPU takes at most ${gibibytes(largest)} a tensor.`,
      { code: 'model-too-large', remedy },
    );
  }
}

const gibibytes = (bytes: number) =>
  `${(bytes / 2 ** 30).toLocaleString('en', { maximumSignificantDigits: 3 })} GiB`;
