/** Snapshots as safetensors bytes: a run that was cut continues from here, bit for bit. */
import { decodeSafetensors, encodeSafetensors, type Container } from '../files/safetensors.js';
import type { Cell } from '../experiment/cell.js';
import type { EpochMetrics } from '../experiment/record.js';
import type { Position, Snapshot } from './snapshot.js';

const format = 'adamw-bench checkpoint 1';

const vector = (data: Float32Array) => ({ shape: [data.length], data });
const numbered = (name: string, arrays: readonly Float32Array[]) =>
  Object.fromEntries(arrays.map((data, i) => [`${name}.${i}`, vector(data)]));

/** The bytes of a checkpoint: tensors theta, slot.i, state, recorder.i; everything else as JSON in the metadata. */
export function encodeCheckpoint(cell: Cell, snapshot: Snapshot): Uint8Array {
  const { theta, slots, state, recorder = [], position, metrics } = snapshot;
  return encodeSafetensors({
    tensors: {
      theta: vector(theta),
      state: vector(state),
      ...numbered('slot', slots),
      ...numbered('recorder', recorder),
    },
    metadata: {
      format,
      cell: JSON.stringify(cell),
      position: JSON.stringify(position),
      metrics: JSON.stringify(metrics),
    },
  });
}

/**
 * The snapshot in a checkpoint of this cell.
 * @throws Error that says what is wrong with the bytes: damaged, another format, another cell, or a position or
 *   metrics that no run of this cell has. Only `train` can tell whether the arrays fit the model (checkSnapshot).
 */
export function decodeCheckpoint(cell: Cell, bytes: Uint8Array): Snapshot {
  const { tensors, metadata } = decodeSafetensors(bytes, { requireChecksum: true });
  if (metadata.format !== format) throw new Error(`it is no checkpoint of this version (${format})`);
  const owner = JSON.parse(metadata.cell ?? '{}') as Partial<Cell>;
  if (owner.id !== cell.id) throw new Error(`it belongs to cell ${String(owner.id)}, not to ${cell.id}`);
  const { theta, state } = tensors;
  if (!theta || !state) throw new Error('it has no parameters');
  const slots = series(tensors, 'slot');
  if (slots.some((slot) => slot.length !== theta.data.length)) {
    throw new Error('its optimizer state is not as long as its parameters');
  }
  const recorder = series(tensors, 'recorder');
  const position: unknown = JSON.parse(metadata.position ?? 'null');
  if (!isPosition(position, cell)) throw new Error('its position is none of a run of this cell');
  const metrics: unknown = JSON.parse(metadata.metrics ?? 'null');
  if (!areMetrics(metrics, position.epoch)) throw new Error('its metrics do not fit its position');
  return {
    theta: theta.data,
    state: state.data,
    slots,
    position,
    metrics,
    ...(recorder.length > 0 ? { recorder } : {}),
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

/** A checkpoint is of a run that goes on: its epoch is one of the cell's. */
function isPosition(value: unknown, { epochs }: Cell): value is Position {
  if (!isObject(value)) return false;
  const { epoch, batch, wrong, lossSum, epochSeconds, seconds } = value;
  return (
    [epoch, batch, wrong].every(isCount) &&
    (epoch as number) < epochs &&
    [lossSum, epochSeconds, seconds].every(Number.isFinite)
  );
}

/** One entry for each epoch that is over, in order. Speed and norm may have been infinite, which JSON has as null. */
const areMetrics = (value: unknown, epochs: number): value is EpochMetrics[] =>
  Array.isArray(value) &&
  value.length === epochs &&
  value.every(
    (one: unknown, i) =>
      isObject(one) &&
      one.epoch === i + 1 &&
      [one.lr, one.trainLoss, one.trainError, one.testLoss, one.testError].every(Number.isFinite),
  );

function series(tensors: Container['tensors'], name: string): Float32Array[] {
  const out: Float32Array[] = [];
  for (let i = 0; tensors[`${name}.${i}`]; i++) out.push(tensors[`${name}.${i}`]!.data);
  return out;
}
