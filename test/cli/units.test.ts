/** Quantities as written on a command line, and as shown. */
import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duration, elapsed, memorySize, size, wholeNumber } from '../../src/cli/units.js';

describe('what is read', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['1.5 h', 5400],
    ['1d', 86400],
    ['0', 0],
  ])('duration %s', (text, seconds) => {
    expect(duration(text)).toBe(seconds);
  });

  it.each([
    ['0', 0],
    ['1k', 1024],
    ['512M', 512 * 2 ** 20],
    ['4GiB', 4 * 2 ** 30],
    ['1.5g', 1.5 * 2 ** 30],
  ])('memory %s', (text, bytes) => {
    expect(memorySize(text)).toBe(bytes);
  });

  it('refuses anything else', () => {
    for (const text of ['', 'x', '-1s', '1e3', '1w', '1h30m', 'Infinity', '1..2s', '25d']) {
      expect(() => duration(text)).toThrow(InvalidArgumentError);
    }
    for (const text of ['', '4', '4T', '-1G', 'G'])
      expect(() => memorySize(text)).toThrow(InvalidArgumentError);
    for (const text of ['', ' ', '0', '1.5', 'two', '-3', 'NaN']) {
      expect(() => wholeNumber(1)(text)).toThrow(InvalidArgumentError);
    }
    expect(wholeNumber(0)('0')).toBe(0);
  });
});

describe('what is shown', () => {
  it.each([
    [0, '0s'],
    [59.4, '59s'],
    [59.6, '1m 0s'],
    [3599, '59m 59s'],
    [3600, '1h 0m'],
    [12_000, '3h 20m'],
  ])('%d seconds as %s', (seconds, text) => {
    expect(elapsed(seconds)).toBe(text);
  });

  it('never shows 60 seconds or 60 minutes', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (s) => !/\b60[sm]/.test(elapsed(s))));
  });

  it('bytes in megabytes', () => {
    expect(size(9_640_000)).toBe('9.6 MB');
  });
});
