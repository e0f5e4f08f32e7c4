/** Recorded computations on TensorFlow against the same ones kernel by kernel: equal bits, for every operation. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { recordStep } from '../../../src/backends/tensorflow/recordStep.js';
import { cases, fixed } from './recordedOps.js';
import { cannotRecord } from './setUp.js';

const bits = (tensor: tf.Tensor): number[] => [...new Uint32Array(tensor.dataSync().slice().buffer)];

const gradientOf = (f: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor) =>
  tf.grad((at: tf.Tensor) => tf.sum(tf.square(f(at))))(x);

/** These read values or draw random numbers in JavaScript, so that a recording refuses them. */
const unrecordable: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  'reads its input': (x) => tf.mul(x, x.dataSync()[0]!),
  'reads a result': (x) => tf.mul(x, tf.sum(x).dataSync()[0]!),
  'tf.gather reads its indices': (x) => tf.gather(x, tf.cast(tf.mul(x, 2), 'int32')),
  dropout: (x) => tf.dropout(x, 0.5),
  randomUniform: (x) => tf.add(x, tf.randomUniform([4])),
  multinomial: (x) => tf.cast(tf.multinomial(x as tf.Tensor1D, 3, 7), 'float32'),
};

describe.skipIf(cannotRecord)('recorded on TensorFlow', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', { threads: 1 });
  });

  test('every operation and its gradient give equal bits', () => {
    const different: string[] = [];
    let count = 0;
    for (const [name, { shape, f, gradient }] of Object.entries(cases())) {
      for (const [what, g] of [
        [name, f],
        ...(gradient ? [[`gradient of ${name}`, gradientOf(f)] as const] : []),
      ] as const) {
        count++;
        const step = recordStep((x: tf.Tensor) => g(x));
        step(fixed(shape));
        step(fixed(shape, 2));
        const x = fixed(shape, 3);
        const recorded = bits(step(x));
        if (!step.isRecorded || recorded.join() !== bits(g(x)).join()) different.push(what);
        step.dispose();
      }
    }
    expect(different).toEqual([]);
    expect(count).toBeGreaterThan(190);
  });

  test.each(Object.entries(unrecordable))('%s', (_, f) => {
    const step = recordStep(f);
    const go = () => [1, 2, 3].forEach((seed) => step(fixed([4], seed)));
    expect(go).toThrow(expect.objectContaining({ code: 'step-not-recordable', name: 'RecordingError' }));
  });
});
