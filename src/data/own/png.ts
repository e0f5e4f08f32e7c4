/** PNG, by fast-png. Its bytes are brought to 8 bits here. */
import { decode } from 'fast-png';
import { reason } from '../errors.js';
import { BadImage, checkSize, type Picture } from './picture.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte);

type Decoded = ReturnType<typeof decode>;

/**
 * All kinds of PNG: grey, colour and palette, 1 to 16 bits, with transparency. 16 bits are rounded to 8, fewer are
 * scaled to 0..255. A colour profile and gamma are not applied.
 * @throws BadImage if it is damaged, too large, or interlaced with fewer than 8 bits
 */
export function decodePng(bytes: Uint8Array): Picture {
  if (bytes.length < 33 || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('IEND'))
    throw new BadImage('it is cut off');
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkSize(header.getUint32(16), header.getUint32(20));
  if (bytes[28] !== 0 && bytes[24]! < 8)
    throw new BadImage(
      `it is interlaced with ${bytes[24]} bits, which is not read: save it without interlacing`,
    );
  let png: Decoded;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new BadImage(`it is damaged (${reason(error).replaceAll('::', ':')})`, { cause: error });
  }
  return withAlpha(png.palette ? fromPalette(png) : { values: eightBits(png), stored: png.channels }, png);
}

/** Samples of any depth as 0..255, [height, width, channels as stored]. */
function eightBits({ data, depth, width, height, channels }: Decoded): Uint8Array {
  if (depth === 16) return Uint8Array.from(data, (value) => Math.round(value / 257));
  if (depth === 8) return data as Uint8Array;
  const scale = 255 / (2 ** depth - 1);
  return samples({ data, depth, width, height, channels }).map((value) => value * scale);
}

/** Unpacks rows whose samples have less than 8 bits; each row begins with a byte of its own. */
function samples({
  data,
  depth,
  width,
  height,
}: Pick<Decoded, 'data' | 'depth' | 'width' | 'height' | 'channels'>) {
  if (depth === 8) return data as Uint8Array;
  const row = Math.ceil((width * depth) / 8);
  const unpacked = new Uint8Array(width * height);
  for (let i = 0; i < unpacked.length; i++) {
    const x = i % width;
    const byte = data[Math.floor(i / width) * row + ((x * depth) >> 3)]!;
    unpacked[i] = (byte >> (8 - depth - ((x * depth) & 7))) & (2 ** depth - 1);
  }
  return unpacked;
}

/** Four samples a pixel at most: the colours, and how opaque they are. */
interface Stored {
  readonly values: Uint8Array;
  /** 1, 2 (grey, alpha), 3, or 4. */
  readonly stored: number;
}

function fromPalette(png: Decoded): Stored {
  const palette = png.palette!;
  const values = new Uint8Array(png.width * png.height * 4);
  samples(png).forEach((index, i) => {
    const colour = palette[index];
    if (colour === undefined) throw new BadImage('it is damaged (a colour that its palette lacks)');
    values.set(colour, 4 * i);
    if (colour.length === 3) values[4 * i + 3] = 255;
  });
  return { values, stored: 4 };
}

function withAlpha({ values, stored }: Stored, png: Decoded): Picture {
  const { width, height } = png;
  const channels = stored < 3 ? 1 : 3;
  const n = width * height;
  // The one colour that stands for transparent, in the depth that the file has.
  const key = png.transparency;
  const raw = png.depth < 8 && !png.palette ? samples(png) : png.data;
  const alpha = new Uint8Array(n).fill(255);
  const pixels = stored === channels ? values : new Uint8Array(n * channels);
  for (let i = 0; i < n; i++) {
    if (stored !== channels) {
      for (let c = 0; c < channels; c++) pixels[channels * i + c] = values[stored * i + c]!;
      alpha[i] = values[stored * i + channels]!;
    } else if (key?.every((value, c) => raw[channels * i + c] === value)) alpha[i] = 0;
  }
  const opaque = alpha.every((a) => a === 255);
  return { width, height, channels, pixels, ...(opaque ? {} : { alpha }) };
}
