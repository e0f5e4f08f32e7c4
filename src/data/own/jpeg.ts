/** JPEG, by jpeg-js. What a JPEG is and whether it is whole is read from its markers first. */
import jpeg from 'jpeg-js';
import { BadImage, checkSize, MAX_PIXELS, type Picture } from './picture.js';

export const isJpeg = (bytes: Uint8Array): boolean =>
  bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

/** Markers that begin a frame (ITU-T T.81, table B.1): baseline, extended and progressive are read. */
const READ = [0xc0, 0xc1, 0xc2];
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** The components of a whole JPEG file. @throws BadImage if it is cut off, or of a kind that is not read */
function components(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count: number | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (view[at] !== 0xff) throw new BadImage('it is damaged (no marker where one must be)');
    const marker = view[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda) {
      // A preview within the file has an end of its own, but it stands before this.
      if (count === undefined) throw new BadImage('it is damaged (no frame)');
      if (view.indexOf(Buffer.from([0xff, 0xd9]), at) < 0) throw new BadImage('it is cut off');
      return count;
    }
    if (isFrame(marker) && at + 10 <= bytes.length) {
      if (!READ.includes(marker))
        throw new BadImage('it is a lossless or arithmetic-coded JPEG, which is not read');
      if (view[at + 4] !== 8) throw new BadImage(`it has ${view[at + 4]} bits a sample, expected 8`);
      checkSize(view.readUInt16BE(at + 7), view.readUInt16BE(at + 5));
      count = view[at + 9]!;
    }
    at += 2 + view.readUInt16BE(at + 2);
  }
  throw new BadImage('it is cut off');
}

/**
 * Baseline and progressive JPEG, grey or colour. The orientation that a camera notes beside the pixels is not applied.
 * @throws BadImage if it is damaged, too large, or CMYK
 */
export function decodeJpeg(bytes: Uint8Array): Picture {
  const count = components(bytes);
  if (count !== 1 && count !== 3)
    throw new BadImage(`it has ${count} components (CMYK?), expected 1 (grey) or 3 (colour)`);
  let decoded;
  try {
    decoded = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: MAX_PIXELS / 1_000_000,
      maxMemoryUsageInMB: 4096,
    });
  } catch (error) {
    throw new BadImage(`it is damaged (${(error as Error).message})`, { cause: error });
  }
  const { width, height, data } = decoded;
  if (count === 3) return { width, height, channels: 3, pixels: data };
  // Grey comes as three equal channels.
  return {
    width,
    height,
    channels: 1,
    pixels: Uint8Array.from({ length: width * height }, (_, i) => data[3 * i]!),
  };
}
