import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  axisValues,
  cellCount,
  ConfigError,
  experimentWarnings,
  loadExperiment,
} from '../../src/config/index.js';
import { VALID, write } from '../config/write.js';

const logspace = (base: number, from: number, to: number, steps: number, values?: number[]) =>
  axisValues({ logspace: { base, from, to, steps }, ...(values ? { values } : {}) });

test('a list is sorted', () => {
  expect(axisValues([0.1, 0, 0.01])).toEqual([0, 0.01, 0.1]);
});

test('whole powers of two and ten are exact', () => {
  expect(logspace(2, -3, -1, 3)).toEqual([0.125, 0.25, 0.5]);
  expect(logspace(10, -5, 2, 8)).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100]);
  expect(logspace(2, -16, -10, 4, [0])).toEqual([0, 2 ** -16, 2 ** -14, 2 ** -12, 2 ** -10]);
});

test('steps fall between whole powers, run downwards, or are one', () => {
  expect(logspace(4, 0, 1, 3)).toEqual([1, 2, 4]);
  expect(logspace(2, 1, -1, 3)).toEqual([0.5, 1, 2]);
  expect(logspace(2, -3, 5, 1)).toEqual([0.125]);
});

test('every whole power of two is the double of the one before', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 900 }), fc.integer({ min: 2, max: 100 }), (from, steps) => {
      const values = logspace(2, from, from + steps - 1, steps);
      expect(values).toHaveLength(steps);
      for (let i = 1; i < steps; i++) expect(values[i]).toBe(2 * values[i - 1]!);
      expect(Number.isInteger(Math.log2(values[0]!))).toBe(true);
    }),
  );
});

test('a list comes back sorted, with the same members', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.double({ min: 1e-9, max: 1, noNaN: true }), { minLength: 1 }), (list) => {
      const values = axisValues(list);
      expect(new Set(values)).toEqual(new Set(list));
      for (let i = 1; i < values.length; i++) expect(values[i]).toBeGreaterThan(values[i - 1]!);
    }),
  );
});

test('empty, repeated and overflowing axes are refused', () => {
  expect(() => axisValues([])).toThrow();
  expect(() => axisValues([0.1, 0.2, 0.1])).toThrow(/\b0\.1\b/);
  expect(() => logspace(2, 3, 3, 2)).toThrow(/\b8\b/);
  expect(() => logspace(10, 300, 400, 2)).toThrow();
});

test('cells are optimizers x lr x wd x seeds, and a great many are said aloud', () => {
  const path = write({ 'a.yaml': VALID });
  expect(cellCount(loadExperiment(path))).toBe(8);
  const set = [
    'grid.lr={logspace: {from: -9, to: -1, steps: 500}}',
    'optimizers=[adam, sgd]',
    'train.seeds=[1, 2]',
  ];
  expect(cellCount(loadExperiment(path, { set }))).toBe(4000);
  expect(experimentWarnings(loadExperiment(path, { set }))).toEqual([]);
  const huge = [...set, 'grid.wd={logspace: {from: -9, to: -1, steps: 500}}'];
  expect(experimentWarnings(loadExperiment(path, { set: huge }))).toEqual([
    expect.stringContaining('1,000,000'),
  ]);
});

test('restarts that end in mid-cycle are said aloud', () => {
  const path = write({ 'a.yaml': VALID });
  const restarts = (epochs: number) =>
    loadExperiment(path, {
      set: ['train.schedule={name: warm-restarts, firstCycle: 2}', `train.epochs=${epochs}`],
    });
  expect(experimentWarnings(restarts(6))).toEqual([]);
  expect(experimentWarnings(restarts(7))).toHaveLength(1);
});

test('a folder that an earlier version has written loads, though its settings are refused now', () => {
  const labels = "{name: adam, label: 'A B', eps: 1e-50}, {name: adamw, label: 'A  B'}";
  const path = write({ 'config.yaml': VALID });
  const set = [`optimizers=[${labels}]`, 'grid.lr=[1e-46]'];
  expect(() => loadExperiment(path, { set })).toThrow(ConfigError);
  const { grid, optimizers } = loadExperiment(path, { set, written: true });
  expect(grid.lr).toEqual([1e-46]);
  expect(optimizers.map(({ label }) => label)).toEqual(['A B', 'A  B']);
});

test('counting the cells of an experiment makes none of them', () => {
  const axis = { logspace: { base: 2, from: 0, to: 1, steps: 1e9 } };
  const { optimizers, ...rest } = loadExperiment(write({ 'a.yaml': VALID }));
  // Too many for any memory, and counted at once.
  expect(cellCount({ ...rest, optimizers: [optimizers[0]!], grid: { lr: axis, wd: axis } })).toBe(1e18);
});
