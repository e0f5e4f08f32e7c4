/**
 * The intervals hold the truth about as often as docs/statistics.md says. Fewer replications than there, so the bands
 * are wide: an interval that forgot the seeds' noise, or selection, would fall far below them.
 */
import { describe, expect, it } from 'vitest';
import { coverage, generalisationCoverage, type Coverage } from './coverage.js';

const REPLICATIONS = 40;

const share = (found: Coverage, name: string) => found[name]!.held / found[name]!.n;

describe('nominal 95% intervals', () => {
  for (const slope of [-1, 0])
    it(`hold the truth of a ridge of slope ${slope}: five seeds, 7 x 8 cells`, () => {
      const found = coverage({ slope, noise: 0.05, seeds: 5, size: 7 }, REPLICATIONS);
      const names = [
        'best',
        'separability',
        'ridge slope',
        'best, b - a',
        'separability, b - a',
        'slope, b - a',
        'regret',
        'transfer',
        'transfer, b - a',
      ];
      for (const name of names) expect([name, share(found, name) >= 0.8]).toEqual([name, true]);
      for (const name of ['basin (relative)', 'basin (absolute)', 'basin, b - a'])
        expect([name, share(found, name) >= 0.7]).toEqual([name, true]);
      // An interval that always holds the truth because it holds everything would be no use either.
      expect(found['separability']!.width / REPLICATIONS).toBeLessThan(0.1);
      expect(found['ridge slope']!.width / REPLICATIONS).toBeLessThan(0.6);
    });

  it('hold a gain of 15% at equal training loss', () => {
    const found = generalisationCoverage(0.15, 7, 3, REPLICATIONS);
    expect(share(found, 'generalisation (relative)')).toBeGreaterThanOrEqual(0.85);
    expect(found['generalisation (relative)']!.width / REPLICATIONS).toBeLessThan(0.1);
  });
});
