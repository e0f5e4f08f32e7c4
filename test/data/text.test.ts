/** Texts as windows of characters: every character behind the first of a split is an answer, once, and of one split. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DataError, trainShape, type Split } from '../../src/data/index.js';
import { readText, textContent, textSplits } from '../../src/data/own/text.js';
import { datasetSchema } from '../../src/experiment/specs.js';
import { textSizes } from '../../src/experiment/splits.js';
import type { TextSpec } from '../../src/experiment/text.js';
import { scratch } from './scratch.js';

const spec = (of: object): TextSpec =>
  datasetSchema.parse({ name: 'text', path: '/nowhere/book.txt', ...of }) as TextSpec;

function fileOf(content: string | Uint8Array): string {
  const file = path.join(scratch(), 'book.txt');
  writeFileSync(file, content);
  return file;
}

/** Where the answers of a split stand in the text. */
function places({ images, labels, n }: Split, tokens: Uint8Array, length: number): number[] {
  expect(images.length).toBe(n * length);
  expect(labels.length).toBe(n * length);
  const from = images.byteOffset - tokens.byteOffset;
  expect(labels.byteOffset - tokens.byteOffset).toBe(from + 1);
  return Array.from({ length: labels.length }, (_, i) => from + 1 + i);
}

describe('a text', () => {
  it('is read as code points, numbered in ascending order', async () => {
    const text = 'b\u{1F600}a\r\n\u00e9b\u{1F600}';
    const { alphabet, tokens, sha256 } = await readText(fileOf(text));
    expect(alphabet).toEqual([...new Set(text)].map((c) => c.codePointAt(0)!).sort((a, b) => a - b));
    expect([...tokens].map((token) => String.fromCodePoint(alphabet[token]!)).join('')).toBe(text);
    expect(sha256).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('may begin with a byte order mark, which is no character', async () => {
    const { alphabet } = await readText(fileOf('\uFEFFabc'));
    expect(alphabet).toEqual([97, 98, 99]);
  });

  it('may have 256 different characters, but not 257', async () => {
    const letters = (n: number) =>
      Array.from({ length: n }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
    expect((await readText(fileOf(letters(256)))).alphabet.length).toBe(256);
    await expect(readText(fileOf(letters(257)))).rejects.toThrow(/book\.txt has 257 different characters/);
  });

  test.each([
    ['', 'is empty'],
    ['\uFEFF', 'no two different'],
    ['aaaa', 'no two different'],
    [Buffer.from('f\u00fcr', 'latin1'), 'not UTF-8'],
    [Buffer.from('\uFEFFabc', 'utf16le'), 'is UTF-16'],
    [Buffer.from('\uFEFFabc', 'utf16le').swap16(), 'is UTF-16'],
  ])('%j is refused: it %s', async (content, why) => {
    const file = fileOf(content);
    const refusal = await readText(file).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DataError);
    expect(refusal).toMatchObject({ code: 'data-text', exitCode: 2 });
    expect((refusal as Error).message).toContain(file);
    expect((refusal as Error).message).toContain(why);
  });

  it('is a file, not a folder', async () => {
    const folder = path.join(scratch(), 'book.txt');
    mkdirSync(folder);
    await expect(readText(folder)).rejects.toMatchObject({ code: 'data-text' });
  });
});

describe('the windows', () => {
  it('begin with the training windows and end with the test windows', () => {
    const tokens = Uint8Array.from({ length: 101 }, (_, i) => i);
    const {
      train,
      validation,
      test: last,
    } = textSplits(spec({ length: 4, test: 0.2, validation: 3 }), tokens, 'a');
    // 81 characters make 20 windows, of which 3 are held back; 20 make 4, with 3 characters left over.
    expect([train.n, validation.n, last.n]).toEqual([17, 3, 4]);
    expect([...train.images.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
    expect([...train.labels.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
    expect(validation.images[0]).toBe(68);
    expect(last.images[0]).toBe(81);
    expect(last.labels.at(-1)).toBe(97);
  });

  test('no character is an answer twice, and none of the test set is seen in training', () => {
    fc.assert(
      fc.property(
        fc.record({
          characters: fc.integer({ min: 2, max: 3000 }),
          length: fc.integer({ min: 2, max: 70 }),
          share: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
          train: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
          validation: fc.option(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0.1, 0.5)), {
            nil: undefined,
          }),
        }),
        ({ characters, length, share, train, validation }) => {
          const tokens = new Uint8Array(characters);
          const of = spec({ length, test: share, train, validation });
          const sizes = textSizes(of, characters);
          let splits;
          try {
            splits = textSplits(of, tokens, 'a');
          } catch (error) {
            expect(error).toMatchObject({ code: 'data-text' });
            const enough =
              sizes.test > 0 &&
              sizes.available >= (train ?? 1) &&
              (validation === undefined || sizes.validation > 0);
            expect(enough).toBe(false);
            return;
          }
          const all = Object.values(splits).flatMap((split) => places(split, tokens, length));
          expect(new Set(all).size).toBe(all.length);
          expect(Math.max(...all)).toBeLessThan(characters);
          const seen = [
            ...places(splits.train, tokens, length),
            ...places(splits.validation, tokens, length),
          ];
          expect(Math.max(...seen)).toBeLessThan(sizes.before);
          expect(splits.train.n).toBe(train ?? sizes.available);
          if (validation !== undefined && validation >= 1) expect(splits.validation.n).toBe(validation);
        },
      ),
    );
  });

  test.each([
    [{ length: 64 }, 300, 'a test window'],
    [{ length: 8, test: 0.98 }, 300, 'a training window'],
    [{ length: 8, train: 40 }, 300, '40 training windows'],
    [{ length: 8, validation: 0.001 }, 300, 'held back'],
  ])('%j of %i characters is refused: too few for %s', (of, characters, what) => {
    expect(() => textSplits(spec(of), new Uint8Array(characters), 'my.txt')).toThrow(
      expect.objectContaining({
        code: 'data-text',
        message: expect.stringMatching(
          `^my.txt has ${characters} characters, too few for .*${what}`,
        ) as string,
      }),
    );
  });
});

it('is known from its content alone', async () => {
  const given = spec({ path: fileOf('abcabcab'.repeat(40)), length: 8 });
  const content = await textContent(given, {});
  expect(content).toMatchObject({ characters: 320, vocabulary: 3 });
  expect(trainShape({ ...given, content })).toEqual({
    height: 1,
    width: 8,
    channels: 1,
    classes: 3,
    tokens: { vocabulary: 3, answers: 'each' },
    n: 35,
  });
});

test.each([{ length: 1 }, { test: 0 }, { test: 1 }, { labelNoise: 0.1 }, { train: 0 }, { path: '' }])(
  '%j is refused',
  (of) => expect(() => spec(of)).toThrow(),
);
