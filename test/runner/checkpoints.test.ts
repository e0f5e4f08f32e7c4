/** Checkpoints: exact, in a folder, and cells that continue from them. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.js';
import { loadDataset, type Dataset } from '../../src/data/index.js';
import { decodeSafetensors, encodeSafetensors, type Container } from '../../src/files/safetensors.js';
import { clearCheckpoints, folderStore } from '../../src/runner/checkpoints.js';
import { trainCell, type TrainingContext } from '../../src/runner/trainCell.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.js';
import type { Snapshot } from '../../src/train/snapshot.js';
import type { Position } from '../../src/train/snapshot.js';
import { cellOf, recordOf } from './records.js';
import { scratch } from './scratch.js';

const cell = cellOf({ epochs: 3 });
const job = { cell, label: 'AdamW' };
const snapshot: Snapshot = {
  position: { epoch: 1, batch: 2, lossSum: 12.3456789012345, wrong: 17, epochSeconds: 0.1, seconds: 0.2 },
  metrics: recordOf().epochs,
  theta: Float32Array.of(1.5, -0, 3e-39),
  slots: [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)],
  state: new Float32Array(0),
};

/** A checkpoint's bytes, whole but for what is changed in it. */
const changed = (bytes: Uint8Array, change: (content: Container) => Container) =>
  encodeSafetensors(change(decodeSafetensors(bytes)));

describe('a checkpoint', () => {
  it('gives back the snapshot, bit for bit', () => {
    expect(decodeCheckpoint(cell, encodeCheckpoint(cell, snapshot))).toEqual(snapshot);
    const recorder = [Float32Array.of(7), Float32Array.of(8, 9)];
    const withRecorder = { ...snapshot, recorder };
    expect(decodeCheckpoint(cell, encodeCheckpoint(cell, withRecorder))).toEqual(withRecorder);
  });

  it('of another cell is refused by name', () => {
    const other = cellOf({ seed: 9 });
    expect(() => decodeCheckpoint(other, encodeCheckpoint(cell, snapshot))).toThrow(
      `it belongs to cell ${cell.id}, not to ${other.id}`,
    );
  });

  it('with a flipped bit in its numbers, its position or its metrics is refused', () => {
    const bytes = Buffer.from(encodeCheckpoint(cell, snapshot));
    for (const place of ['lossSum', 'wrong', 'trainLoss', '"sha256":"']) {
      const bad = Buffer.from(bytes);
      const at = bad.indexOf(place) + place.length + 3;
      bad[at] = bad[at]! ^ 1;
      expect(() => decodeCheckpoint(cell, bad)).toThrow();
    }
    const bad = Buffer.from(bytes);
    bad[bad.length - 1] = bad[bad.length - 1]! ^ 128;
    expect(() => decodeCheckpoint(cell, bad)).toThrow('checksum');
  });
});

describe('a checkpoint whose checksum is right is refused', () => {
  const bytes = encodeCheckpoint(cell, snapshot);
  const withText = (entries: Readonly<Record<string, unknown>>) =>
    changed(bytes, ({ tensors, metadata }) => {
      const texts = Object.entries(entries).map(([key, value]) => [key, JSON.stringify(value)] as const);
      return { tensors, metadata: { ...metadata, ...Object.fromEntries(texts) } };
    });

  it.each([
    ['of no position', null],
    ['of an empty one', {}],
    ['beyond the last epoch', { ...snapshot.position, epoch: 3 }],
    ['before the first epoch', { ...snapshot.position, epoch: -1 }],
    ['in a part of a batch', { ...snapshot.position, batch: 0.5 }],
    ['of a batch as text', { ...snapshot.position, batch: '2' }],
    ['without its sum', { ...snapshot.position, lossSum: null }],
    ['without its time', { ...snapshot.position, seconds: undefined }],
  ])('because %s', (_what, position) => {
    expect(() => decodeCheckpoint(cell, withText({ position }))).toThrow('its position is none');
  });

  it('because it says nothing about its position', () => {
    const bare = changed(bytes, ({ tensors, metadata: { format, cell: owner } }) => {
      return { tensors, metadata: { format: format!, cell: owner! } };
    });
    expect(() => decodeCheckpoint(cell, bare)).toThrow('its position is none');
  });

  it.each([
    ['are none', null],
    ['are fewer than its epochs', []],
    ['are more than its epochs', [...snapshot.metrics, ...snapshot.metrics]],
    ['are of another epoch', [{ ...snapshot.metrics[0]!, epoch: 2 }]],
    ['lack a number', [{ ...snapshot.metrics[0]!, testError: null }]],
  ])('because its metrics %s', (_what, metrics) => {
    expect(() => decodeCheckpoint(cell, withText({ metrics }))).toThrow('its metrics do not fit');
  });

  it('because its optimizer state is shorter than its parameters', () => {
    const slots = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5)];
    const uneven = encodeCheckpoint(cell, { ...snapshot, slots });
    expect(() => decodeCheckpoint(cell, uneven)).toThrow('not as long as its parameters');
  });
});

it('a checkpoint without a checksum is refused', () => {
  // Another name for the checksum, as a flipped bit may give it.
  const bad = Buffer.from(encodeCheckpoint(cell, snapshot));
  bad.write('sha255', bad.indexOf('sha256'));
  expect(() => decodeCheckpoint(cell, bad)).toThrow('it has no checksum');
});

describe('a folder of checkpoints', () => {
  it('keeps, replaces and removes them by cell', async () => {
    const folder = join(scratch(), 'checkpoints');
    const store = folderStore(folder);
    expect(await store.read('a')).toBeUndefined();
    await store.remove('a');
    await store.write('a', Uint8Array.of(1));
    await store.write('a', Uint8Array.of(2, 3));
    await store.write('b', Uint8Array.of(4));
    expect([...(await store.read('a'))!]).toEqual([2, 3]);
    expect(readdirSync(folder).sort()).toEqual(['a.safetensors', 'b.safetensors']);
    // What a writer leaves that is killed.
    writeFileSync(join(folder, 'b.safetensors.123.0a1b2c3d.tmp'), 'half');
    await store.remove('b');
    expect(await store.read('b')).toBeUndefined();
    await clearCheckpoints(folder, (id) => id === 'z');
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
    await clearCheckpoints(folder, (id) => id === 'a');
    expect(existsSync(folder)).toBe(false);
  });
});

describe('a cell', () => {
  let dataset: Dataset;
  beforeAll(async () => {
    await useBackend('cpu');
    dataset = await loadDataset(cell.dataset);
  });
  const around = (folder: string, changes: Partial<TrainingContext> = {}): TrainingContext => ({
    dataset,
    store: folderStore(folder),
    policy: { epochs: 0, seconds: 0 },
    attempt: 1,
    ...changes,
  });
  const numbers = (record: Awaited<ReturnType<typeof trainCell>>) => ({
    ...record,
    startedAt: '',
    seconds: 0,
    peakMemory: 0,
    epochs: record?.epochs.map((epoch) => ({ ...epoch, seconds: 0, imagesPerSecond: 0 })),
  });

  it('cut at every batch ends as an uncut one does', async () => {
    const whole = await trainCell(job, around(scratch()));
    const folder = scratch();
    let pieces = 1;
    const positions: Position[] = [];
    const oneStep = { shouldStop: () => true, onBeat: (at: Position) => void positions.push(at) };
    let record = await trainCell(job, around(folder, oneStep));
    for (; !record; pieces++) {
      expect(readdirSync(folder)).toEqual([`${cell.id}.safetensors`]);
      record = await trainCell(job, around(folder, oneStep));
    }
    expect(pieces).toBe(10);
    expect(numbers(record)).toEqual(numbers(whole));
  });

  it('keeps checkpoints as the policy says, and none after its last epoch', async () => {
    const counted = (folder: string) => {
      const store = folderStore(folder);
      const written: number[] = [];
      const write = async (id: string, bytes: Uint8Array) => {
        written.push(decodeCheckpoint(cell, bytes).position.epoch);
        await store.write(id, bytes);
      };
      return { store: { ...store, write }, written };
    };
    const every = counted(scratch());
    await trainCell(job, around('', { store: every.store, policy: { epochs: 1, seconds: 0 } }));
    expect(every.written).toEqual([1, 2]);
    const second = counted(scratch());
    await trainCell(job, around('', { store: second.store, policy: { epochs: 2, seconds: 0 } }));
    expect(second.written).toEqual([2]);
    const never = counted(scratch());
    await trainCell(job, around('', { store: never.store }));
    expect(never.written).toEqual([]);
  });

  it('starts anew, with a notice, where its checkpoint is damaged or unreadable', async () => {
    const whole = await trainCell(job, around(scratch()));
    const folder = scratch();
    await trainCell(job, around(folder, { shouldStop: () => true }));
    const file = join(folder, `${cell.id}.safetensors`);
    writeFileSync(file, readFileSync(file).subarray(0, -1));
    const notices: string[] = [];
    const onNotice = (text: string) => void notices.push(text);
    expect(numbers(await trainCell(job, around(folder, { onNotice })))).toEqual(numbers(whole));
    expect(notices).toEqual([
      `The checkpoint of cell ${cell.id} is not used: its tensor slot.1 does not lie where the header says. It starts anew.`,
    ]);
  });

  it.each<[string, (kept: Snapshot) => Partial<Snapshot>, string]>([
    [
      'parameters',
      ({ theta, slots }) => ({ theta: theta.slice(1), slots: slots.map((s) => s.slice(1)) }),
      'theta',
    ],
    ['state', () => ({ state: new Float32Array(1) }), 'layer state'],
    ['slots', ({ slots }) => ({ slots: slots.slice(1) }), 'optimizer state'],
    ['recorder', () => ({ recorder: [new Float32Array(1)] }), 'decay recorder'],
    ['batch', ({ position }) => ({ position: { ...position, batch: 4 } }), 'batch 4'],
  ])('starts anew, with a notice, where the %s of its checkpoint do not fit', async (_what, change, said) => {
    const whole = await trainCell(job, around(scratch()));
    const folder = scratch();
    const store = folderStore(folder);
    await trainCell(job, around(folder, { shouldStop: () => true }));
    const kept = decodeCheckpoint(cell, (await store.read(cell.id))!);
    await store.write(cell.id, encodeCheckpoint(cell, { ...kept, ...change(kept) }));
    const notices: string[] = [];
    const onNotice = (text: string) => void notices.push(text);
    expect(numbers(await trainCell(job, around(folder, { onNotice })))).toEqual(numbers(whole));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(said);
  });

  it('has its result where its weights cannot be kept, and says so', async () => {
    const whole = await trainCell(job, around(scratch()));
    const notices: string[] = [];
    const weights = { ...folderStore(scratch()), write: () => Promise.reject(new Error('disk full')) };
    const onNotice = (text: string) => void notices.push(text);
    expect(numbers(await trainCell(job, around(scratch(), { weights, onNotice })))).toEqual(numbers(whole));
    expect(whole?.status).toBe('ok');
    expect(notices).toEqual([`The weights of cell ${cell.id} could not be kept (disk full); its result is.`]);
  });

  it('goes on where a checkpoint cannot be kept', async () => {
    const notices: string[] = [];
    const store = { ...folderStore(scratch()), write: () => Promise.reject(new Error('disk full')) };
    const record = await trainCell(
      job,
      around('', { store, policy: { epochs: 1, seconds: 0 }, onNotice: (text) => void notices.push(text) }),
    );
    expect(record?.status).toBe('ok');
    expect(notices).toEqual(Array(2).fill(`No checkpoint of cell ${cell.id} could be kept: disk full.`));
  });
});
