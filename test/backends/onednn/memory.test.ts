/** Recycled memory: that it is reused, that nobody sees it change, and that training does not grow. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OnednnBackend } from '../../../src/backends/onednn/backend.js';
import { blockSize, BufferPool } from '../../../src/backends/onednn/pool.js';
import { crossEntropy } from '../../../src/nn/crossEntropy.js';
import { AdamStep, SgdStep } from '../../../src/backends/kernels.js';
import { bits, built, kernel, tensor } from './both.js';

describe('the pool', () => {
  const pool = () => new BufferPool(() => 0);

  test('hands a block out again, at its new length', () => {
    const p = pool();
    const first = p.take(1000);
    p.giveBack(first.block!);
    const second = p.take(998);
    expect(second.values.buffer).toBe(first.values.buffer);
    expect(second.values.length).toBe(998);
    expect(p.take(1000).values.buffer).not.toBe(first.values.buffer);
  });

  test('wastes at most an eighth', () => {
    for (let bytes = 1024; bytes < 1e7; bytes = Math.ceil(bytes * 1.037)) {
      expect(blockSize(bytes)).toBeGreaterThanOrEqual(bytes);
      expect(blockSize(bytes)).toBeLessThanOrEqual(bytes * 1.125 + 64);
    }
  });

  test('lets go of sizes that are no longer asked for', () => {
    const p = pool();
    p.giveBack(p.take(5000).block!);
    expect(p.idleBytes).toBe(blockSize(20_000));
    for (let i = 0; i < 10_000; i++) p.giveBack(p.take(300).block!);
    expect(p.idleBytes).toBe(blockSize(1200));
  });
});

describe.skipIf(!built)('memory of the onednn backend', () => {
  beforeAll(() => tf.setBackend('onednn'));
  const pool = () => (tf.backend() as OnednnBackend).pool;

  test('values that were read keep their content', () => {
    const a = tf.add(tensor([1000]), 1);
    const seen = a.dataSync();
    const copy = seen.slice();
    a.dispose();
    for (let i = 0; i < 5; i++) tf.mul(tensor([1000], i), 3).dispose();
    expect(seen).toEqual(copy);
  });

  test('pieces of a vector lie in its memory, which goes back to the pool with the last of them', () => {
    const backend = tf.backend() as OnednnBackend;
    const vector = tf.add(tensor([2000]), 0);
    const { buffer } = backend.floats(vector)!;
    const parts = tf.split(vector, [700, 1300]);
    expect(parts.map((part) => backend.floats(part)!.buffer === buffer)).toEqual([true, true]);
    const { idleBytes } = pool();
    tf.dispose([vector, parts[0]!]);
    expect(pool().idleBytes).toBe(idleBytes);
    parts[1]!.dispose();
    expect(pool().idleBytes).toBe(idleBytes + blockSize(8000));
  });

  test('a reader gets a copy, exactly as long as the tensor, and the memory goes back', async () => {
    for (const read of ['piece', 'reshaped piece', 'vector']) {
      const vector = tf.add(tensor([2000]), 0);
      const [a, b] = tf.split(vector, [700, 1300]) as [tf.Tensor, tf.Tensor];
      const shaped = tf.reshape(a, [7, 100]);
      const one = read === 'piece' ? a : read === 'vector' ? vector : shaped;
      const seen = one.dataSync();
      const copy = seen.slice();
      expect((await one.bytes()).length).toBe(4 * one.size);
      seen[0] = 99;
      expect(vector.dataSync()[0]).toBe(copy[0]);
      seen[0] = copy[0]!;
      const { idleBytes } = pool();
      tf.dispose([b, vector, a, shaped]);
      expect(pool().idleBytes, read).toBe(idleBytes + blockSize(8000));
      for (let i = 0; i < 3; i++) tf.mul(tensor([2000], i), 3).dispose();
      expect(seen, read).toEqual(copy);
    }
  });

  test('what a JavaScript kernel was given is never handed out again', () => {
    const vector = tf.add(tensor([2000]), 0);
    const [a, b] = tf.split(vector, [700, 1300]) as [tf.Tensor, tf.Tensor];
    const sorted = tf.topk(a, 3);
    const { idleBytes } = pool();
    tf.dispose([vector, a, b]);
    expect(pool().idleBytes).toBe(idleBytes);
    tf.dispose([sorted.values, sorted.indices]);
  });

  test('pieces of a vector keep their content when it is gone', () => {
    const whole = tf.add(tensor([2000]), 0);
    const want = Array.from(whole.dataSync());
    const vector = tf.add(tensor([2000]), 0);
    const parts = tf.split(vector, [700, 1300]);
    const other = tf.add(tensor([2000]), 0);
    const slice = tf.slice(other, [100], [1000]);
    tf.dispose([vector, other]);
    for (let i = 0; i < 5; i++) tf.mul(tensor([2000], i), 3);
    expect(Array.from(parts[1]!.dataSync())).toEqual(want.slice(700));
    expect(Array.from(slice.dataSync())).toEqual(want.slice(100, 1100));
  });

  test('a reshape outlives the original', () => {
    const a = tf.add(tensor([1024]), 1);
    const want = Array.from(tf.add(tensor([1024]), 1).dataSync());
    const b = tf.reshape(a, [32, 32]);
    a.dispose();
    for (let i = 0; i < 5; i++) tf.mul(tensor([1024], i), 3);
    expect(Array.from(b.dataSync())).toEqual(want);
  });

  describe('a step that may reuse the memory of what it replaces', () => {
    const attrs = {
      beta1: 0.9,
      beta2: 0.99,
      bias1: 0.4,
      bias2: 0.3,
      stepSize: 0.05,
      epsilon: 1e-8,
      l2: 0.1,
      decay: 0.01,
    };
    const sgd = { momentum: 0.9, gradientScale: 0.7, momentumScale: 0.2, l2: 0.1, decay: 0.01 };
    const own = (seed: number) => tf.add(tf.abs(tensor([1003], seed)), 0);
    const vectors = () => ({ theta: own(2), m: own(4), v: own(5) });
    const take = (from: ReturnType<typeof vectors>, reuse: boolean) => {
      const { theta, m, v } = from;
      const inputs = { theta, gradient: tensor([1003], 3), m };
      return {
        adam: () => kernel(AdamStep, { ...inputs, v }, { ...attrs, reuse }),
        sgd: () => kernel(SgdStep, inputs, { ...sgd, reuse }),
      };
    };

    test.each(['adam', 'sgd'] as const)('%s: gives the same bits in the same memory', (name) => {
      const backend = tf.backend() as OnednnBackend;
      const wanted = take(vectors(), false)[name]();
      const from = vectors();
      const memory = [from.theta, from.m, from.v].map((vector) => backend.floats(vector)!);
      const out = take(from, true)[name]();
      tf.dispose(from);
      out.forEach((tensor, k) => expect(backend.floats(tensor)).toBe(memory[k]));
      expect(bits(out.map((t) => t.dataSync())) === bits(wanted.map((t) => t.dataSync()))).toBe(true);
      const { idleBytes } = pool();
      tf.dispose(out);
      expect(pool().idleBytes).toBe(idleBytes + out.length * blockSize(4 * 1003));
    });

    test.each<[string, (theta: tf.Tensor) => tf.Tensor]>([
      ['a clone', (theta) => theta.clone()],
      ['a reshape', (theta) => tf.reshape(theta, [17, 59])],
      ['a piece', (theta) => tf.split(theta, [3, 1000])[1]!],
    ])('%s of theta keeps its values', (_, sharing) => {
      const from = vectors();
      const other = sharing(from.theta);
      const seen = other.dataSync().slice();
      const out = take(from, true).adam();
      tf.dispose(from);
      expect(other.dataSync()).toEqual(seen);
      tf.dispose([other, ...out]);
    });

    test('arrays that came from outside are not written to', () => {
      const mine = new Float32Array(1003).fill(0.5);
      const theta = tf.tensor1d(mine);
      take({ ...vectors(), theta }, true).adam();
      expect(mine).toEqual(new Float32Array(1003).fill(0.5));
    });
  });

  test('training 10,000 steps stays flat, and the same steps give the same bits', () => {
    const train = (steps: number) => {
      let theta = tf.tidy(() => tf.mul(tensor([1034], 7), 0.1));
      let slots = [tf.zeros([1034]), tf.zeros([1034])];
      const x = tensor([32, 16], 3);
      const labels = tf.tensor1d(
        Array.from({ length: 32 }, (_, i) => i % 10),
        'int32',
      );
      for (let t = 1; t <= steps; t++) {
        const [next, m, v] = tf.tidy(() => {
          const gradient = tf.grad((vector: tf.Tensor) => {
            const [w1, w2, b] = tf.split(vector, [16 * 38, 38 * 11, 8]) as [tf.Tensor, tf.Tensor, tf.Tensor];
            const hidden = tf.relu(tf.matMul(x as tf.Tensor2D, tf.reshape(w1, [16, 38])));
            const logits = tf.matMul(hidden as tf.Tensor2D, tf.reshape(w2, [38, 11]) as tf.Tensor2D);
            return crossEntropy(tf.add(logits, tf.mean(b)), labels);
          })(theta);
          const attrs = {
            beta1: 0.9,
            beta2: 0.99,
            bias1: 1,
            bias2: 1,
            stepSize: 1e-3,
            epsilon: 1e-8,
            l2: 0,
            decay: 1e-5,
          };
          const [m, v] = slots as [tf.Tensor, tf.Tensor];
          return kernel(AdamStep, { theta, gradient, m, v }, attrs);
        }) as [tf.Tensor, tf.Tensor, tf.Tensor];
        tf.dispose([theta, ...slots]);
        theta = next;
        slots = [m, v];
      }
      const out = theta.dataSync().slice();
      tf.dispose([theta, ...slots, x, labels]);
      return out;
    };
    const first = train(200);
    const tensors = tf.memory().numTensors;
    const idle = pool().idleBytes;
    const { rss, external } = process.memoryUsage();
    train(10_000);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(pool().idleBytes).toBeLessThanOrEqual(idle + 64 * 1024);
    const after = process.memoryUsage();
    expect(after.external - external).toBeLessThan(20e6);
    // The JavaScript heap takes its time to be collected, on Node 24 more than on 20.
    expect(after.rss - rss).toBeLessThan(300e6);
    expect(bits([train(200)]) === bits([first])).toBe(true);
  });
});
