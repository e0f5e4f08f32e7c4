/**
 * NumPy's .npy format: magic, version, a header (a Python dict literal of exactly three keys), then the array.
 * Python objects (pickle) are refused: reading them would run code from the file.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { DataError } from './errors.js';

/** An array as stored: `bytes` is a view of its elements, row-major, little-endian. */
export interface NpyArray {
  /** NumPy's type string, e.g. `|u1` or `<i8`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const HEADER =
  /^\{'descr': ?'([|<>=][a-zA-Z]\d{0,3})', ?'fortran_order': ?(True|False), ?'shape': ?\(((?:\d{1,15},? ?)*)\),? ?\}\s*$/;

const refusal = (file: string, why: string) =>
  new DataError(
    `${file}: ${why}. It is damaged or was not written by numpy.savez; unpack or fetch it again.`,
    { code: 'data-damaged' },
  );

/** A whole array, of a kind that is not read. */
const mismatch = (file: string, why: string, remedy: string) =>
  new DataError(`${file}: ${why}. ${remedy}`, { code: 'data-mismatched' });

/** The header's text and where the elements begin. */
function header(bytes: Uint8Array, file: string): { text: string; start: number } {
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw refusal(file, 'not a .npy array: its magic number is wrong');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  if (major < 1 || major > 3) throw refusal(file, `unknown .npy version ${major}, expected 1, 2 or 3`);
  const [length, at] = major === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  if (at + length > bytes.length) throw refusal(file, 'cut off within the .npy header');
  return { text: Buffer.from(bytes.subarray(at, at + length)).toString('latin1'), start: at + length };
}

/**
 * @throws DataError naming `file` if the header is not one of a plain, C-ordered numeric array, or the elements
 * are fewer or more than it announces
 */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const { text, start } = header(bytes, file);
  const match = HEADER.exec(text);
  if (match === null) throw refusal(file, `unreadable .npy header ${JSON.stringify(text.slice(0, 120))}`);
  const dtype = match[1]!;
  if (/[OV]/.test(dtype))
    throw mismatch(
      file,
      `holds Python objects (${dtype}), expected numbers`,
      'Save one array of numbers, made with numpy.stack or numpy.array.',
    );
  if (match[2] === 'True')
    throw mismatch(
      file,
      'the array is in Fortran order, expected C order',
      'Save numpy.ascontiguousarray of it.',
    );
  const shape = (match[3]!.match(/\d+/g) ?? []).map(Number);
  // A character of U has 4 bytes.
  const size =
    Number(dtype.slice(2)) * (dtype[1] === 'U' ? 4 : 1) * shape.reduce((product, n) => product * n, 1);
  if (size !== bytes.length - start)
    throw refusal(
      file,
      `has ${bytes.length - start} bytes of elements, expected ${size} for [${shape.join(', ')}]`,
    );
  return { dtype, shape, bytes: bytes.subarray(start) };
}

/** Reads element `i` of each integer type that NumPy stores labels in. */
const INTEGERS: Record<string, (view: DataView, i: number) => number> = {
  '|u1': (view, i) => view.getUint8(i),
  '|i1': (view, i) => view.getInt8(i),
  '<u2': (view, i) => view.getUint16(2 * i, true),
  '<i2': (view, i) => view.getInt16(2 * i, true),
  '<u4': (view, i) => view.getUint32(4 * i, true),
  '<i4': (view, i) => view.getInt32(4 * i, true),
  '<u8': (view, i) => Number(view.getBigUint64(8 * i, true)),
  '<i8': (view, i) => Number(view.getBigInt64(8 * i, true)),
};

/**
 * The elements of an integer array of any width, as numbers.
 * @throws DataError naming `file` if the array is not of integers
 */
export function integers(array: NpyArray, file: string): Float64Array {
  const read = INTEGERS[array.dtype];
  if (read === undefined)
    throw mismatch(
      file,
      `holds ${array.dtype}, expected little-endian integers`,
      'Save it after .astype("<i8").',
    );
  const { buffer, byteOffset, byteLength } = array.bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  return Float64Array.from({ length: byteLength / Number(array.dtype.slice(2)) }, (_, i) => read(view, i));
}
