/** Comparing a backend with tfjs's JavaScript backend `cpu`, which is the reference: inputs that are always the same, and what agrees. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect } from 'vitest';

export type Compute = () => tf.Tensor | tf.Tensor[];

/** That outputs agree, to `tolerance` of the largest magnitude of each. */
export function expectClose(actual: tf.TypedArray[], wanted: tf.TypedArray[], tolerance: number): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((want, k) => {
    const got = actual[k]!;
    expect(got.length).toBe(want.length);
    let scale = 1;
    for (const value of want) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
    for (let i = 0; i < want.length; i++) {
      const same = Object.is(got[i], want[i]) || Math.abs(got[i]! - want[i]!) <= tolerance * scale;
      if (!same) expect.fail(`output ${k}, element ${i}: ${got[i]} where ${want[i]} was to be`);
    }
  });
}

/** The bits of outputs, to be compared at once. */
export const bits = (outputs: tf.TypedArray[]): string =>
  outputs
    .map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64'))
    .join();

/** Numbers that are the same on every run: the fractional parts of a quadratic sequence, in -1..1. */
export function values(length: number, seed = 1): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = (((i + 1) * (i + seed) * 0.6180339887) % 1) * 2 - 1;
  return out;
}

export const tensor = (shape: number[], seed = 1): tf.Tensor =>
  tf.tensor(
    values(
      shape.reduce((n, size) => n * size, 1),
      seed,
    ),
    shape,
  );

/** Runs a kernel by its name on the current backend. */
export function kernel(name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor[] {
  const out = tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor | tf.Tensor[];
  return [out].flat();
}

/** Some number of channels: ones that fill vectors of every width, and ones that do not. */
export const channels = fc.constantFrom(1, 3, 4, 8, 10, 16, 24, 32);
