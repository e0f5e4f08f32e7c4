/** Snapshots as safetensors bytes: a run that was cut continues from here, bit for bit. */
import { decodeSafetensors, encodeSafetensors, type Container } from '../files/safetensors.js';
import type { Cell } from './cell.js';
import type { EpochMetrics } from './record.js';
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
 * The snapshot in a checkpoint of this very cell.
 * @throws Error saying what is wrong with the bytes: damaged, another format, another cell
 */
export function decodeCheckpoint(cell: Cell, bytes: Uint8Array): Snapshot {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== format) throw new Error(`it is no checkpoint of this version (${format})`);
  const owner = JSON.parse(metadata.cell ?? '{}') as Partial<Cell>;
  if (owner.id !== cell.id) throw new Error(`it belongs to cell ${String(owner.id)}, not to ${cell.id}`);
  const { theta, state } = tensors;
  if (!theta || !state) throw new Error('it has no parameters');
  const recorder = series(tensors, 'recorder');
  return {
    theta: theta.data,
    state: state.data,
    slots: series(tensors, 'slot'),
    position: JSON.parse(metadata.position ?? 'null') as Position,
    metrics: JSON.parse(metadata.metrics ?? '[]') as EpochMetrics[],
    ...(recorder.length > 0 ? { recorder } : {}),
  };
}

function series(tensors: Container['tensors'], name: string): Float32Array[] {
  const out: Float32Array[] = [];
  for (let i = 0; tensors[`${name}.${i}`]; i++) out.push(tensors[`${name}.${i}`]!.data);
  return out;
}
