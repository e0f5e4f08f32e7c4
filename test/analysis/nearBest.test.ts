/** The statistics of claim 4 and of the time scale, on surfaces whose answer is known. */
import { median } from 'simple-statistics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import { decayTimescale } from '../../src/optim/timescale.js';
import type { Schedule } from '../../src/experiment/specs.js';
import { bowl, powers, synthesise } from './synthetic.js';

const statistics = (slope: number, noise = 0, seeds = 1, size = 9) =>
  decoupling(synthesise({ ...bowl(slope, size), label: 'a', seeds, noise }), { replicates: 200 })
    .optimizers[0]!;

describe('transfer by octave', () => {
  it('is the known cost at each distance on a coupled ridge, and 0 on a separable bowl', () => {
    const coupled = statistics(-1).transfer;
    // The best wd moves by one octave of wd for each of lr. It stays 0.3 octaves beside the grid's, on both sides.
    const step = (k: number) => Math.exp(0.03 * (k - 0.3) ** 2) - Math.exp(0.03 * 0.3 ** 2);
    const one = coupled.pairs.filter(({ octaves, edge }) => octaves === 1 && !edge);
    for (const { fromLr, toLr, cost } of one) {
      const u = Math.log2(toLr) + 10;
      const level = 0.1 * Math.exp(0.02 * u * u);
      expect(cost).toBeCloseTo(level * step(toLr > fromLr ? 1 : -1), 10);
    }
    const costs = coupled.octaves.map(({ cost }) => cost.value).filter((v) => v !== null);
    expect(costs.length).toBeGreaterThan(2);
    // A distance's cost is the median over its pairs of the mean of both directions.
    const both = one
      .filter(({ fromLr, toLr }) => fromLr < toLr)
      .map((p) => (p.cost + one.find((q) => q.fromLr === p.toLr && q.toLr === p.fromLr)!.cost) / 2);
    expect(costs[0]).toBeCloseTo(median(both), 12);
    for (let k = 1; k < costs.length; k++) expect(costs[k]!).toBeGreaterThan(costs[k - 1]!);
    for (const { cost } of statistics(0).transfer.octaves) expect(cost.value ?? 0).toBeCloseTo(0, 12);
  });

  it('marks the pairs of an optimum on the border, and draws nothing from a single pair', () => {
    const { octaves, pairs } = statistics(-1).transfer;
    for (const o of octaves) {
      const used = pairs.filter((p) => p.octaves === o.octaves && !p.edge);
      expect(o.pairs).toBe(used.length / 2);
      if (used.length <= 2) expect(o.cost.value).toBeNull();
    }
    const two = synthesise({ ...bowl(-1, 9), lrs: powers(-11, 2), label: 'a', seeds: 2, noise: 0.02 });
    const [only] = decoupling(two, { replicates: 50 }).optimizers[0]!.transfer.octaves;
    expect(only!.cost).toMatchObject({ value: null, low: null });
    expect(only!.cost.reason).toMatch(/one pair/);
  });
});

describe('the quadratic ridge', () => {
  for (const slope of [-1, -0.5, 0, 0.5])
    it(`is exact on a quadratic of slope ${slope}, and near it with noise`, () => {
      expect(statistics(slope).quadratic.slope.value).toBeCloseTo(slope, 8);
      const noisy = statistics(slope, 0.03, 5).quadratic;
      // One draw: it may lie beside its interval, but not far.
      expect(Math.abs(noisy.slope.value! - slope)).toBeLessThan(0.3);
      expect(noisy.slope.high! - noisy.slope.low!).toBeLessThan(1);
      expect(noisy.agrees).toBe(true);
    });

  it('turns its sign with the lr axis, and does not feel the units', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.integer({ min: -6, max: 6 }),
        (slope, p) => {
          const records = synthesise({ ...bowl(slope, 7), label: 'a', seeds: 1, noise: 0 });
          const of = (lr: (v: number) => number) =>
          decoupling(records.map((r) => ({ ...r, cell: { ...r.cell, lr: lr(r.cell.lr) } })), { replicates: 1 })
            .optimizers[0]!.quadratic.slope.value!; // prettier-ignore
          expect(of((v) => v * 2 ** p)).toBeCloseTo(
            of((v) => v),
            6,
          );
          expect(of((v) => 1 / v)).toBeCloseTo(-of((v) => v), 6);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('is not identifiable on a grid of two learning rates', () => {
    const two = synthesise({ ...bowl(0, 9), lrs: powers(-11, 2), label: 'a', seeds: 1, noise: 0 });
    expect(decoupling(two).optimizers[0]!.quadratic.slope).toMatchObject({ value: null, low: null });
  });
});

describe('the time scale of the decay', () => {
  const shape = { epochs: 10, stepsPerEpoch: 50, warmup: 0 };
  const schedules: Schedule[] = [
    { name: 'constant' },
    { name: 'cosine' },
    { name: 'step', at: [0.5], factor: 0.1 },
    { name: 'warm-restarts', firstCycle: 2, multiply: 2 },
  ];
  const of = (
    convention: 'paper' | 'lr' | 'constant' | 'normalized',
    schedule: Schedule,
    lr = 0.1,
    wd = 0.01,
  ) => decayTimescale({ name: 'adamw', convention }, { lr, wd }, schedule, shape)!;

  it('has the sums that can be done by hand', () => {
    // 500 steps; the cosine's etas add up to (500 + 1) / 2, the step's to 250 + 25.
    expect(of('paper', { name: 'constant' }).total).toBeCloseTo(5, 12);
    expect(of('paper', { name: 'cosine' }).total).toBeCloseTo(0.01 * 250.5, 10);
    expect(of('lr', { name: 'step', at: [0.5], factor: 0.1 }).total).toBeCloseTo(0.001 * 275, 12);
    expect(of('constant', { name: 'cosine' }).total).toBeCloseTo(5, 12);
    expect(of('normalized', { name: 'constant' }).total).toBeCloseTo(5 / Math.sqrt(500), 12);
    expect(of('constant', { name: 'cosine' }).tau).toBeCloseTo(2, 12);
  });

  it('has a tau that no schedule changes where the decay follows it, and halves when wd doubles', () => {
    for (const schedule of schedules) {
      expect(of('paper', schedule).tau).toBeCloseTo(1 / (0.01 * 50), 10);
      expect(of('lr', schedule).tau).toBeCloseTo(1 / (0.001 * 50), 10);
      for (const convention of ['paper', 'lr', 'constant', 'normalized'] as const)
        expect(of(convention, schedule, 0.1, 0.02).tau!).toBeCloseTo(of(convention, schedule).tau! / 2, 10);
    }
  });

  it('is nothing for L2, and endless without decay', () => {
    expect(decayTimescale({ name: 'adam', convention: 'paper' }, { lr: 1, wd: 1 }, { name: 'cosine' }, shape)).toBeNull(); // prettier-ignore
    expect(of('paper', { name: 'cosine' }, 0.1, 0)).toEqual({ total: 0, tau: null });
  });
});
