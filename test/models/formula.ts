/** The inputs that fixtures/models/make.py makes by the same formulas, and its fingerprint of a tensor. */
import type { ParamSpec } from '../../src/nn/layer.js';
import type { Stream } from '../../src/random/stream.js';

export const sines = (n: number, pace: number): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(pace * (i + 1)));

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Standardised-looking images, flat. */
export const images = (shape: readonly number[]): Float32Array =>
  Float32Array.from(sines(sizeOf(shape), 78.233), (u) => 1.5 * u);

export const labels = (batch: number, classes: number): Int32Array =>
  Int32Array.from({ length: batch }, (_, i) => (3 * i) % classes);

/** Parameters of the size that initialisation gives them, but by formula; norm parameters away from 1 and 0. */
export function thetaOf(params: readonly ParamSpec[]): Float32Array {
  const u = sines(
    params.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    12.9898,
  );
  let at = 0;
  return Float32Array.from(
    params.flatMap(({ shape, init }) => {
      const [start, spread] =
        'sd' in init ? [0, Math.SQRT2 * init.sd] : init.constant === 1 ? [1, 0.3] : [0, 0.2];
      return u.slice(at, (at += sizeOf(shape))).map((value) => start + spread * value);
    }),
  );
}

/** A stream whose uniform numbers are multiples of the golden ratio, modulo 1. */
export function goldenStream(): Stream {
  let k = 0;
  const uniform = () => (++k * 0.6180339887498949) % 1;
  const unused = () => {
    throw new Error('The networks draw uniform numbers only.');
  };
  return { uniform, integer: unused, normal: unused };
}

export type Fingerprint = readonly [norm: number, product: number];

export function fingerprint(values: ArrayLike<number>): Fingerprint {
  const pattern = sines(values.length, 0.7);
  let square = 0;
  let product = 0;
  for (let i = 0; i < values.length; i++) {
    square += values[i]! ** 2;
    product += values[i]! * pattern[i]!;
  }
  return [Math.sqrt(square), product];
}

/** Of each parameter's part of a flat vector, by name. */
export function fingerprints(
  vector: Float32Array,
  params: readonly ParamSpec[],
): Record<string, Fingerprint> {
  let at = 0;
  return Object.fromEntries(
    params.map(({ name, shape }) => [name, fingerprint(vector.subarray(at, (at += sizeOf(shape))))]),
  );
}

/** How far two fingerprints lie apart, relative to the norm (and to `floor` where that is smaller). */
export function apart(a: Fingerprint, b: Fingerprint, floor = 0): number {
  const scale = Math.max(b[0], floor);
  // The pattern's own norm is about sqrt(n/2): the product of two vectors may exceed their norm.
  return Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])) / scale;
}
