/**
 * The binary version of CIFAR-10 and CIFAR-100: fixed-size records of one or two label bytes and 3072 bytes of
 * image, a plane each for red, green and blue. Source: https://www.cs.toronto.edu/~kriz/cifar.html
 */
import { DataError } from './errors.js';
import { checkLabels } from './labels.js';
import { interleave, type Source } from './source.js';

const PIXELS = 32 * 32;
const CHANNELS = 3;

/** How a record starts. CIFAR-100 puts the coarse label first and the fine one, which is used, second. */
export interface CifarFormat {
  readonly labelBytes: number;
  readonly labelAt: number;
  readonly classes: number;
}

export const CIFAR10: CifarFormat = { labelBytes: 1, labelAt: 0, classes: 10 };
export const CIFAR100: CifarFormat = { labelBytes: 2, labelAt: 1, classes: 100 };

export function recordSize(format: CifarFormat): number {
  return format.labelBytes + CHANNELS * PIXELS;
}

/** One file of records, as read from the archive. */
export interface CifarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * A split made of files of `perFile` records each.
 * @throws DataError naming the file if its size is not that of `perFile` records, a label is out of range or a
 * class is absent, or two files are the same
 */
export function cifarSource(files: readonly CifarFile[], perFile: number, format: CifarFormat): Source {
  const size = recordSize(format);
  const labels = new Uint8Array(files.length * perFile);
  files.forEach(({ name, bytes }, f) => {
    if (bytes.length !== perFile * size)
      throw new DataError(
        `${name}: expected ${perFile * size} bytes (${perFile} records of ${size}), found ${bytes.length}. ` +
          `The archive is cut off or another data set's; delete it and fetch it again.`,
        { code: 'data-mismatched' },
      );
    for (let i = 0; i < perFile; i++) labels[f * perFile + i] = bytes[i * size + format.labelAt]!;
    checkLabels(labels.subarray(f * perFile, (f + 1) * perFile), format.classes, name);
  });
  const gather = (indices: Int32Array) => {
    const images = new Uint8Array(indices.length * CHANNELS * PIXELS);
    indices.forEach((index, i) => {
      const { bytes } = files[Math.floor(index / perFile)]!;
      const from = (index % perFile) * size + format.labelBytes;
      interleave(bytes, from, images, i * CHANNELS * PIXELS, PIXELS, CHANNELS);
    });
    return images;
  };
  return { labels, gather };
}

/**
 * @throws DataError if two of the files hold the same bytes: one was copied over another (a test file in place of
 * a training file would quietly make every test result wrong)
 */
export function refuseDuplicates(files: readonly CifarFile[]): void {
  files.forEach((one, i) => {
    for (const other of files.slice(0, i))
      if (Buffer.compare(one.bytes, other.bytes) === 0)
        throw new DataError(
          `${one.name}: holds the same bytes as ${other.name}, expected different images. Delete the archive and fetch it again.`,
          { code: 'data-twins' },
        );
  });
}
