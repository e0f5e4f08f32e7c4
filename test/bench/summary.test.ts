import { describe, expect, test } from 'vitest';
import type { StepRow } from '../../bench/speed/measureSteps.js';
import { median, pairwise, spread } from '../../bench/speed/statistics.js';
import { summarise, summariseSweep, summariseThreads } from '../../bench/speed/summary.js';
import { withSection } from '../../bench/speed/readme.js';

const row = (engine: StepRow['engine'], configuration: string, round: number, speed: number): StepRow => ({
  model: 'mlp',
  engine,
  configuration,
  round,
  imagesPerSecond: speed,
  peakGflops: 100,
  shareOfPeak: speed / 1000,
});

test('medians of odd and even numbers of values', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 10])).toBe(3);
  expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
});

test('ratios are of the same round, and rounds that one side lacks are left out', () => {
  expect(pairwise([2, undefined, 9], [1, 5, 3, 7])).toEqual([2, 3]);
});

describe('a summary', () => {
  const rows = [
    row('onednn', 'slow', 1, 1000),
    row('onednn', 'fast', 1, 200),
    row('onednn', 'slow', 2, 100),
    row('onednn', 'fast', 2, 400),
    row('onednn', 'slow', 3, 100),
    row('onednn', 'fast', 3, 300),
    row('pytorch', 'a', 1, 100),
    row('pytorch', 'a', 2, 100),
    row('pytorch', 'a', 3, 200),
    row('wasm', 'w', 1, 50),
  ];

  test('takes the configuration of the best median, and pairs by round', () => {
    const [onednn, pytorch, wasm] = summarise(rows, 'mlp');
    expect(onednn).toMatchObject({ configuration: 'fast', shareOfPeak: 0.3 });
    expect(onednn!.overPytorch).toEqual({ median: 2, min: 1.5, max: 4 });
    expect(pytorch!.overPytorch).toBeUndefined();
    expect(wasm!.overPytorch).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  });

  test('of sweeps pairs by round, whoever went first', () => {
    const { times } = summariseSweep([
      { round: 1, engine: 'adamw-bench', seconds: 10 },
      { round: 1, engine: 'pytorch', seconds: 20 },
      { round: 2, engine: 'pytorch', seconds: 60 },
      { round: 2, engine: 'adamw-bench', seconds: 20 },
    ]);
    expect(times).toEqual({ median: 2.5, min: 2, max: 3 });
  });
});

test('several threads are compared with one thread and with one process a core, round by round', () => {
  const own = (configuration: string, round: number, speed: number) => ({
    ...row('onednn', configuration, round, speed),
    model: 'resnet-20',
  });
  const rows = [
    own('1 x 1 thread', 1, 100),
    own('1 x 2 threads', 1, 180),
    own('2 x 1 thread', 1, 200),
    own('1 x 1 thread', 2, 50),
    own('1 x 2 threads', 2, 100),
    own('2 x 1 thread', 2, 100),
    row('onednn', '1 x 2 threads', 1, 5),
  ];
  expect(summariseThreads(rows, 2)).toEqual([
    {
      model: 'resnet-20',
      threads: 2,
      overOne: { median: 1.9, min: 1.8, max: 2 },
      overProcesses: { median: 0.95, min: 0.9, max: 1 },
    },
  ]);
});

test("README's section is replaced, again and again, and nothing else", () => {
  const text = 'a\n<!-- benchmark -->\nold\n<!-- end benchmark -->\nb\n';
  const once = withSection(text, 'it costs $1');
  expect(once).toBe('a\n<!-- benchmark -->\n\nit costs $1\n\n<!-- end benchmark -->\nb\n');
  expect(withSection(withSection(text, 'x'), 'it costs $1')).toBe(once);
  expect(() => withSection('a', 'x')).toThrow(/benchmark/);
});
