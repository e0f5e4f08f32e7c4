/** Pixel noise, fast: one draw gives four table look-ups. */
import { stream, type Stream } from '../../random/stream.js';

const BITS = 12;
const SIZE = 1 << BITS;

/** Standard normal values; a fixed sample is enough where the result is rounded to a byte. */
const table = (() => {
  const random = stream(0, 'synthetic-noise-table');
  return Float32Array.from({ length: SIZE }, () => random.normal());
})();

/** Adds Gaussian noise of standard deviation `sigma` to `values` in place. */
export function addNoise(values: Float32Array, sigma: number, random: Stream): void {
  for (let i = 0; i < values.length; i += 4) {
    let bits = random.uniform();
    for (let k = i; k < i + 4 && k < values.length; k++) {
      bits *= SIZE;
      const entry = bits | 0;
      bits -= entry;
      values[k]! += sigma * table[entry]!;
    }
  }
}

/** Writes values, 0 to 1, as bytes at `out[at..]`, clipping what lies outside. */
export function toBytes(values: Float32Array, out: Uint8ClampedArray, at: number): void {
  for (let i = 0; i < values.length; i++) out[at + i] = 255 * values[i]!;
}
