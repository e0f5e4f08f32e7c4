import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CIFAR10, CIFAR100, cifarSource, recordSize, refuseDuplicates } from '../../src/data/cifar.js';
import { take } from '../../src/data/source.js';

/** Records of n images; pixel p of channel c of image i is (i + 7p + 50c + salt) mod 256. */
function records(n: number, labelBytes: number, label: (i: number) => number, salt = 0): Uint8Array {
  const size = labelBytes + 3072;
  const bytes = new Uint8Array(n * size);
  for (let i = 0; i < n; i++) {
    bytes[i * size + labelBytes - 1] = label(i);
    for (let c = 0; c < 3; c++)
      for (let p = 0; p < 1024; p++) bytes[i * size + labelBytes + c * 1024 + p] = i + 7 * p + 50 * c + salt;
  }
  return bytes;
}

/** A refusal that names the file. */
const refused = (code: string, file: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(file) as string }) as Error;

describe('CIFAR records', () => {
  it('turns planes into channels-last images, across files', async () => {
    const files = [0, 100].map((salt) => ({ name: `f${salt}`, bytes: records(10, 1, (i) => i, salt) }));
    const source = cifarSource(files, 10, CIFAR10);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(19), { minLength: 1 }), async (chosen) => {
        const indices = Int32Array.from(chosen).sort();
        const split = await take(source, indices);
        indices.forEach((index, i) => {
          const [file, row] = [Math.floor(index / 10), index % 10];
          expect(split.labels[i]).toBe(row);
          for (const [p, c] of [
            [0, 0],
            [1, 2],
            [1023, 1],
          ] as const)
            expect(split.images[i * 3072 + p * 3 + c]).toBe((row + 7 * p + 50 * c + 100 * file) % 256);
        });
      }),
      { numRuns: 20 },
    );
  });

  it("takes CIFAR-100's fine label, the second byte", () => {
    const bytes = records(100, 2, (i) => 99 - i);
    expect(recordSize(CIFAR100)).toBe(3074);
    expect(cifarSource([{ name: 'train.bin', bytes }], 100, CIFAR100).labels[0]).toBe(99);
  });

  it('refuses any other length', () => {
    const bytes = records(10, 1, (i) => i);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (n) => {
        expect(() => cifarSource([{ name: 'a.bin', bytes: bytes.subarray(0, n) }], 10, CIFAR10)).toThrow(
          refused('data-mismatched', 'a.bin'),
        );
      }),
    );
  });

  it('refuses labels over range, absent classes and a file copied over another', () => {
    const open = (label: (i: number) => number) =>
      cifarSource([{ name: 'a.bin', bytes: records(10, 1, label) }], 10, CIFAR10);
    expect(() => open((i) => i + 1)).toThrow(refused('data-labels', 'a.bin'));
    expect(() => open((i) => i % 9)).toThrow(refused('data-labels', 'a.bin'));
    const same = ['train.bin', 'test.bin'].map((name) => ({ name, bytes: Uint8Array.of(1, 2) }));
    expect(() => refuseDuplicates(same)).toThrow(refused('data-twins', 'test.bin'));
  });
});
