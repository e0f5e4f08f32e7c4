import { describe, expect, it } from 'vitest';
import { colorDepth, renderSummary } from '../../src/report/terminal.js';
import { powers, sweepRecords } from './records.js';

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => [...line].length));

describe('renderSummary', () => {
  const records = sweepRecords();

  it('names the best cell of each optimizer with its numbers', () => {
    const lines = renderSummary(records, { color: 'none', width: 160 }).split('\n');
    expect(lines.find((l) => l.startsWith('AdamW '))).toMatch(
      /0\.00195 {2}4\.88e-4 {2}5\.19 ± 0\.12 % .* 3$/,
    );
  });

  it('names what was trained, and says by which error the best cells were chosen', () => {
    const text = renderSummary(records, { color: 'none', width: 160 });
    expect(text).toContain(
      ': cifar10, 10,000 training images, resnet-8 of width 16, 30 epochs, 3 seeds\n\nBest cell of each optimizer, chosen by test error:\noptimizer ',
    );
    const held = records.map((r) => ({
      ...r,
      cell: { ...r.cell, dataset: { ...r.cell.dataset, validation: 500 } },
      epochs: r.epochs.map((e) => ({ ...e, validationError: e.testError })),
    }));
    const chosen = (of: typeof records) =>
      /chosen by (.*):$/m.exec(renderSummary(of, { color: 'none', width: 160 }))![1];
    expect(chosen(held)).toBe('validation error');
    expect(chosen([...records.slice(0, 99), ...held.slice(99)])).toBe(
      'validation error where there is one, else by test error',
    );
  });

  it('prints the range of the data, not of the colour scale', () => {
    const one = sweepRecords({ lrs: [0.1], wds: [0], seeds: [0] }).map((r) => ({ ...r, finalTestError: 0 }));
    expect(renderSummary(one, { color: 'none', width: 80 })).toMatch(/, 0\.00$/m);
    const two = [0.2, 0.201].flatMap((finalTestError, i) =>
      sweepRecords({ lrs: [2 ** (-9 - i)], wds: [0], seeds: [0] }).map((r) => ({ ...r, finalTestError })),
    );
    expect(renderSummary(two, { color: 'none', width: 80 })).toMatch(/ 20\.00 to 20\.10$/m);
  });

  it('marks the best cell with a star and diverged ones with x', () => {
    const text = renderSummary(records, { color: 'none', width: 80 });
    expect(text).toContain('*5.19');
    expect(text.match(/ x/g)!.length).toBeGreaterThan(10);
    expect(text).toContain('72 diverged');
  });

  it.each([200, 80, 60, 40])('keeps panels within %i columns', (width) => {
    const text = renderSummary(records, { color: 'none', width });
    const panels = text.split('\n\n').slice(2, -1).join('\n');
    expect(widest(panels)).toBeLessThanOrEqual(width);
  });

  it('thins a grid that is wider than the terminal even at one column a cell', () => {
    const wide = sweepRecords({ lrs: powers(-120, 110), seeds: [0], epochs: 2 });
    const panels = renderSummary(wide, { color: 'none', width: 50 }).split('\n\n').slice(2, -1);
    expect(widest(panels.join('\n'))).toBeLessThanOrEqual(50);
  });

  it("writes no escape code without colours, and none of the label's own with them", () => {
    const hostile = sweepRecords({ labels: ['evil\u001b[2J\u009b31m\r\nAdam'], seeds: [0] });
    // eslint-disable-next-line no-control-regex -- the control characters are what is tested
    expect(renderSummary(hostile, { color: 'none', width: 100 })).not.toMatch(/[\u001b\u009b\r]/);
    const colored = renderSummary(hostile, { color: 'truecolor', width: 100 });
    expect(colored).not.toContain('\u001b[2J');
    expect(colored).toContain('\u001b[48;2;253;231;37');
    expect(renderSummary(hostile, { color: '256', width: 100 })).toContain('\u001b[48;5;');
  });

  it('says so when there is nothing yet, and survives a lone failed run', () => {
    expect(renderSummary([], { color: 'none', width: 80 })).not.toMatch(/\d/);
    const failed = sweepRecords({ lrs: [0.1], wds: [0], seeds: [0] }).map((r) => ({
      ...r,
      status: 'failed' as const,
      finalTestError: null,
      finalTrainLoss: null,
    }));
    expect(renderSummary(failed, { color: 'none', width: 80 })).not.toMatch(/NaN|null|undefined/);
  });
});

describe('colorDepth', () => {
  it.each([
    [{ isTTY: true }, { COLORTERM: 'truecolor' }, 'truecolor'],
    [{ isTTY: true }, { TERM: 'xterm-256color' }, '256'],
    [{ isTTY: true }, { COLORTERM: 'truecolor', NO_COLOR: '1' }, 'none'],
    [{ isTTY: true }, { TERM: 'dumb' }, 'none'],
    [{}, { COLORTERM: 'truecolor' }, 'none'],
    [{}, { FORCE_COLOR: '1' }, '256'],
  ] as const)('%j with %j is %s', (stream, env, depth) => {
    expect(colorDepth(stream, env)).toBe(depth);
  });
});
