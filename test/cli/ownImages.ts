/** Folders of images and .npz files for tests, written by other code than what reads them. */
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import { encode } from 'fast-png';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface PngOptions {
  readonly width?: number;
  readonly height?: number;
  readonly channels?: number;
}

/** A PNG of one shade, with some marks so that files differ. */
export function png(shade: number, { width = 6, height = 6, channels = 1 }: PngOptions = {}): Uint8Array {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
    channels % 2 === 0 && i % channels === channels - 1 ? 255 : (shade + (i % 5)) % 256,
  );
  return encode({ width, height, channels, depth: 8, data });
}

/** Writes files below a folder, by name. */
export function writeTree(root: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return root;
}

/** So many images of two classes that a network tells apart: dark and light. */
export const darkAndLight = (each: number, prefix = ''): Record<string, Uint8Array> =>
  Object.fromEntries(
    Array.from({ length: each }, (_, i) => [
      [`${prefix}dark/${i}.png`, png(20 + i)],
      [`${prefix}light/${i}.png`, png(200 + i)],
    ]).flat() as [string, Uint8Array][],
  );

/** A .npy file as numpy.save writes it. */
export function npy(dtype: string, shape: readonly number[], data: Uint8Array, fortran = false): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${dtype}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const text = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11) + '\n';
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 0, 0]);
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1'), data]);
}

export async function npz(arrays: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, level: 6 });
  for (const [name, bytes] of Object.entries(arrays))
    await zip.add(`${name}.npy`, new Uint8ArrayReader(bytes));
  return zip.close();
}

export const int64 = (...values: number[]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
