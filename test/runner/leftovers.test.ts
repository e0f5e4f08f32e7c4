/** What is said of results that do not count. */
import { expect, it } from 'vitest';
import { leftoverNotices } from '../../src/runner/leftovers.js';
import type { Manifest } from '../../src/runner/manifest.js';
import { cellOf, recordOf } from './records.js';

const jobs = [0, 1].map((seed) => ({ cell: cellOf({ numerics: 3, seed }), label: 'AdamW' }));
const left = (changes: Parameters<typeof cellOf>[0]) => recordOf({ cell: cellOf(changes) });
const manifest = (changes: Partial<Manifest>) =>
  ({ adamwBench: '0.1.0', numerics: 2, gitRevision: null, ...changes }) as Manifest;

it('names the version of the arithmetic that cells were computed with, and what to do', () => {
  const records = [left({ numerics: 2 }), left({ numerics: 1, seed: 1 })];
  const [text, ...more] = leftoverNotices(records, jobs);
  expect(more).toEqual([]);
  expect(text).toMatch(
    /^2 cells here were computed by another version of the arithmetic \(1, 2, now 3\): they do not count/,
  );
  expect(text).toContain('choose another folder with --out');
  expect(text).toContain('use the version of adamw-bench that trained them');
});

it('names the program that trained them where the manifest is about them', () => {
  const say = (before: Manifest) => leftoverNotices([left({ numerics: 2 })], jobs, before)[0];
  expect(say(manifest({}))).toMatch(/use the version that trained them, adamw-bench 0\.1\.0\.$/);
  const gitRevision = '0123456789abcdef0123456789abcdef01234567+';
  expect(say(manifest({ gitRevision }))).toMatch(/adamw-bench 0\.1\.0 at commit 0123456789ab\.$/);
  expect(say(manifest({ numerics: 1 }))).toMatch(/use the version of adamw-bench that trained them\.$/);
});

it('tells versions and backends apart, and each cell once', () => {
  const records = [left({ numerics: 2, backend: 'wasm' }), left({ numerics: 3, backend: 'wasm' })];
  const texts = leftoverNotices(records, jobs);
  expect(texts).toHaveLength(2);
  expect(texts[0]).toContain('1 cell here was computed by another version');
  expect(texts[1]).toContain('1 cell here was trained with backend wasm, not cpu');
  expect(texts[1]).toContain('--set backend=wasm');
});

it('says nothing of cells that count, nor of another configuration’s', () => {
  expect(leftoverNotices([recordOf({ cell: jobs[0]!.cell }), left({ numerics: 3, seed: 7 })], jobs)).toEqual(
    [],
  );
  expect(leftoverNotices([left({ numerics: 2 })], [])).toEqual([]);
});
