/** The identity of a cell. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identify, hasValidId, NUMERICS, type Cell } from '../../src/experiment/cell.js';
import { OPTIMIZER_NAMES, PLACEMENTS } from '../../src/experiment/placement.js';
import { plan } from '../../src/experiment/plan.js';
import { cellOf } from '../runner/records.js';
import { experiment } from './experiment.js';
import type { ImagesSpec } from '../../src/experiment/specs.js';

const shuffled = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shuffled)
    : value === null || typeof value !== 'object'
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, of]) => [key, shuffled(of)]),
        );

/** Of the first cell of adam, adamw, sgd and sgdw in version 0.2.0, whose NUMERICS was 2. */
const OLD_IDS = ['40dedf16658925c8', '6ec77a0cca8cb521', '15981527ed40fde3', 'c462ca60011e9269'];

describe('a cell', () => {
  it('has an id that never changes: results of old versions must be found again', () => {
    // Of the settings' JSON with sorted keys; Python's json and hashlib give the same.
    expect(cellOf().id).toBe('1a7c9eec6f64be6c');
  });

  it('is of the numerics that trained what is published: another number must be meant', () => {
    expect(NUMERICS).toBe(3);
    const [first] = [...plan(experiment({ optimizers: [{ name: 'adam' }] }), 'cpu').jobs()];
    expect(first!.cell.numerics).toBe(NUMERICS);
  });

  it('has the same id whatever the order of its keys, absent ones aside', () => {
    const { id, ...settings } = cellOf();
    expect(identify(shuffled(settings) as Omit<Cell, 'id'>).id).toBe(id);
    expect(identify({ ...settings, dataset: { ...settings.dataset, unset: undefined } as never }).id).toBe(
      id,
    );
  });

  it('has the same id with a later option turned off as before the option was there', () => {
    const ids = [
      { name: 'mlp', hidden: [4] },
      { name: 'mlp', hidden: [4], batchNorm: false },
    ].map((model) => [...plan(experiment({ model }), 'cpu').jobs()].map(({ cell }) => cell.id));
    expect(ids[1]).toEqual(ids[0]);
  });

  it('has the same id in every spelling of its optimizer, and the old names keep theirs', () => {
    const cellsOf = (...optimizers: object[]) =>
      [...plan(experiment({ optimizers }), 'cpu').jobs()].map(({ cell }) => cell);
    const idsOf = (...optimizers: object[]) => cellsOf(...optimizers).map(({ id }) => id);
    const names = [{ name: 'adam' }, { name: 'adamw' }, { name: 'sgd' }, { name: 'sgdw' }];
    const firsts = cellsOf(...names).filter((_, i) => i % 4 === 0);
    expect(firsts.map(({ id: _, ...settings }) => identify({ ...settings, numerics: 2 }).id)).toEqual(
      OLD_IDS,
    );
    const old = idsOf(...names);
    const spelt = [
      { name: 'adam', placement: 'l2' },
      { name: 'adam', placement: 'decoupled' },
      { name: 'sgd', placement: 'l2' },
      { name: 'sgd', placement: 'decoupled' },
    ];
    expect(idsOf(...spelt)).toEqual(old);
    expect(idsOf({ name: 'adamw', placement: 'decoupled' })).toEqual(idsOf({ name: 'adamw' }));
    const own = [...PLACEMENTS.slice(1, 3), 'cautious'].map((placement) => ({ name: 'adam', placement }));
    const ids = [...old, ...idsOf(...own, { name: 'sgd', placement: 'cautious' })];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has one id for two spellings of one rule, and others for other rules, placements and settings', () => {
    const id = (optimizer: string | object) =>
      [...plan(experiment({ optimizers: [optimizer] }), 'cpu').jobs()][3]!.cell.id;
    for (const name of ['nadam', 'rmsprop', 'adagrad'])
      expect(id({ name, placement: 'l2', convention: 'paper' }), name).toBe(id(name));
    for (const name of ['lion', 'muon']) expect(id({ name, placement: 'decoupled' }), name).toBe(id(name));
    const own = OPTIMIZER_NAMES.flatMap((name) => [
      { name },
      { name, exclude: 'rank1' },
      ...(name.endsWith('w') ? [] : [{ name, placement: 'cautious' }]),
    ]);
    const others = [
      { name: 'nadam', momentumDecay: 1 },
      { name: 'nadam', placement: 'decoupled' },
      { name: 'nadam', placement: 'decoupled', convention: 'timescale' },
      { name: 'rmsprop', centered: true },
      { name: 'lion', placement: 'l2' },
    ];
    expect(new Set([...own, ...others].map(id)).size).toBe(own.length + others.length);
  });

  it('keeps of a rule its own settings and no others', () => {
    const jobs = [...plan(experiment({ optimizers: ['adagrad'] }), 'cpu').jobs()];
    expect(jobs[0]!.cell.optimizer).toEqual({
      name: 'adagrad',
      eps: 1e-10,
      epsForm: 'outside',
      initial: 0,
      convention: 'paper',
      exclude: 'none',
    });
  });

  it('has another id with XLA, and the old one with XLA turned off', () => {
    const ids = [{}, { xla: false }, { xla: true }].map((setting) =>
      [...plan(experiment({ backend: 'tensorflow', ...setting }), 'tensorflow').jobs()].map(
        ({ cell }) => cell.id,
      ),
    );
    expect(ids[1]).toEqual(ids[0]);
    expect(ids[2]!.some((id) => ids[0]!.includes(id))).toBe(false);
  });

  it('has another id with any other setting', () => {
    const changes: Partial<Omit<Cell, 'id'>>[] = [
      { lr: 0.002 },
      { wd: 0 },
      { seed: 1 },
      { epochs: 3 },
      { batchSize: 10 },
      { warmup: 1 },
      { recordDecay: true },
      { backend: 'wasm' },
      { threads: 2 },
      { xla: true },
      { numerics: 2 },
      { model: { name: 'mlp', hidden: [4, 4] } },
      { model: { name: 'mlp', hidden: [4], batchNorm: true } },
      { schedule: { name: 'constant' } },
      { dataset: { ...(cellOf().dataset as ImagesSpec), labelNoise: 0.1 } },
      { optimizer: { ...cellOf().optimizer, exclude: 'rank1' } },
    ];
    const ids = [cellOf(), ...changes.map(cellOf)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is genuine as it is, and not with anything changed', () => {
    expect(hasValidId(cellOf())).toBe(true);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (lr) => {
        expect(hasValidId({ ...cellOf(), lr })).toBe(lr === cellOf().lr);
      }),
    );
  });
});
