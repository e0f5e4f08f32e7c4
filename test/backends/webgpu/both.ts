/** The same computation on the webgpu backend and on the cpu backend, which is the reference. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { WebgpuBackend } from '../../../src/backends/webgpu/tfjsBackend.js';
import { expectClose, type Compute } from '../conformance.js';

export * from '../conformance.js';

/** The backend; webgpu must be the current one. */
export const webgpu = (): WebgpuBackend => tf.engine().backend as WebgpuBackend;

/** The outputs of a computation on one backend, which leaves nothing behind. */
export async function on(backend: 'webgpu' | 'cpu', compute: Compute): Promise<tf.TypedArray[]> {
  await tf.setBackend(backend);
  const before = tf.engine().backend.numDataIds();
  const outputs: tf.Tensor[] = [];
  tf.tidy(() => {
    for (const tensor of [compute()].flat()) outputs.push(tf.keep(tensor));
  });
  const arrays = await Promise.all(outputs.map(async (tensor) => (await tensor.data()).slice()));
  tf.dispose(outputs);
  expect(tf.engine().backend.numDataIds()).toBe(before);
  return arrays;
}

/** That both backends agree. */
export async function expectSame(compute: Compute, tolerance = 1e-5): Promise<void> {
  expectClose(await on('webgpu', compute), await on('cpu', compute), tolerance);
}

/** Runs something while the device says that it has less than it has. */
export async function withLimits<T>(
  limits: Partial<Record<keyof GPUSupportedLimits, number>>,
  run: () => Promise<T>,
): Promise<T> {
  await tf.setBackend('webgpu');
  const { device } = webgpu();
  const given = device.limits;
  const lower = new Proxy(given, {
    get: (target, key) => limits[key as keyof GPUSupportedLimits] ?? Reflect.get(target, key, target),
  });
  Object.defineProperty(device, 'limits', { value: lower, configurable: true });
  try {
    return await run();
  } finally {
    Object.defineProperty(device, 'limits', { value: given, configurable: true });
  }
}

/** The sources of our own kernels that something runs for the first time. */
export async function newKernels(run: () => Promise<unknown>): Promise<string[]> {
  await tf.setBackend('webgpu');
  const { pipelineCache } = webgpu() as unknown as { pipelineCache: Record<string, unknown> };
  const before = new Set(Object.keys(pipelineCache));
  await run();
  return Object.keys(pipelineCache).filter((key) => !before.has(key) && key.includes('@compute'));
}

/** How many buffers the source of a kernel has. */
export const buffersOf = (source: string): number => source.match(/var<storage/g)!.length;
