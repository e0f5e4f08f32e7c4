/** The same computation on the onednn backend and on tfjs's JavaScript backend, which is the reference. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadOnednn } from '../../../src/backends/onednn/index.js';
import { expectClose, type Compute } from '../conformance.js';

export * from '../conformance.js';

/** Whether the addon is built here; where it is not, `npm ci` has said so and there is nothing to test. */
export const built = await loadOnednn({ threads: 1 }).then(
  () => true,
  () => false,
);

/** The outputs of a computation on one backend. */
export async function on(backend: 'onednn' | 'cpu', compute: Compute): Promise<tf.TypedArray[]> {
  await tf.setBackend(backend);
  const outputs: tf.TypedArray[] = [];
  tf.tidy(() => {
    for (const tensor of [compute()].flat()) outputs.push(tensor.dataSync().slice());
  });
  return outputs;
}

/** That both backends agree. */
export async function expectSame(compute: Compute, tolerance = 1e-4): Promise<void> {
  expectClose(await on('onednn', compute), await on('cpu', compute), tolerance);
}
