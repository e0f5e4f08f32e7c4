/** One image in memory, and what is done to it before it becomes a row of a data set. */

/** Pixels, row-major [height, width, channels], uint8; `alpha` [height, width] where some pixel is not opaque. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
  readonly alpha?: Uint8Array;
}

/** A sentence's end about a file: why its bytes are no image that can be used. */
export class BadImage extends Error {}

/** More pixels than this are refused before anything is allocated: a few bytes can claim any size. */
export const MAX_PIXELS = 100_000_000;

/** @throws BadImage if an image of this size is not read */
export function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw new BadImage('it has no pixels');
  if (width * height > MAX_PIXELS)
    throw new BadImage(`it has ${width} x ${height} pixels, and at most ${MAX_PIXELS} are read`);
}

/** The opaque image: what is transparent shows `grey` (0..255) behind it, in proportion. */
export function onBackground(picture: Picture, grey: number): Picture {
  const { alpha, pixels, channels, width, height } = picture;
  if (alpha === undefined) return picture;
  const flat = Uint8Array.from(pixels, (value, i) => {
    const a = alpha[Math.floor(i / channels)]!;
    return Math.round((a * value + (255 - a) * grey) / 255);
  });
  return { width, height, channels, pixels: flat };
}

/** The image in grey or colour. Grey is the luma of ITU-R BT.601, as in Pillow's `convert("L")`. */
export function inChannels(picture: Picture, channels: 1 | 3): Picture {
  if (picture.channels === channels) return picture;
  const { pixels, width, height } = picture;
  const converted = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    if (channels === 3) converted.fill(pixels[i]!, 3 * i, 3 * i + 3);
    else
      converted[i] = Math.round(
        0.299 * pixels[3 * i]! + 0.587 * pixels[3 * i + 1]! + 0.114 * pixels[3 * i + 2]!,
      );
  }
  return { width, height, channels, pixels: converted };
}
