/** What the backend says of itself, and what it gives back from one thread count to the next. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { loadOnednn } from '../../../src/backends/onednn/index.js';
import { bits, built, expectClose, kernel, on, tensor } from './both.js';

describe.skipIf(!built)('the onednn backend', () => {
  afterAll(() => loadOnednn({ threads: 1 }));

  test('states its version, instruction set and threads', async () => {
    const facts = await loadOnednn({ threads: 2 });
    expect(facts.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(facts.isa).toMatch(/own kernels (base|avx2|avx512)$/);
    expect(facts.threads).toBe(2);
  });

  test.each([0, -1, 1.5, NaN])('refuses %s threads', async (threads) => {
    await expect(loadOnednn({ threads })).rejects.toThrow('threads');
  });

  test('has every kernel of the cpu backend', () => {
    const names = (backend: string) =>
      new Set(tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName));
    const own = names('onednn');
    for (const name of names('cpu')) expect(own).toContain(name);
  });

  const convolutions = () => {
    const [x, dy, filter] = [tensor([5, 7, 9, 16], 2), tensor([5, 7, 9, 32], 3), tensor([3, 3, 16, 32], 4)];
    const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1, dimRoundingMode: 'floor' };
    return [
      ...kernel('Conv2D', { x, filter }, attrs),
      ...kernel('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape }),
      ...kernel('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape }),
      tf.matMul(tf.reshape(x, [-1, 16]), tf.reshape(filter, [16, -1])),
    ];
  };

  test.each([1, 2, 3])(
    'gives the same bits every time with %d threads, and the same values',
    async (threads) => {
      await loadOnednn({ threads });
      const first = await on('onednn', convolutions);
      for (let i = 0; i < 3; i++) expect(bits(await on('onednn', convolutions)) === bits(first)).toBe(true);
      expectClose(first, await on('cpu', convolutions), 1e-5);
    },
  );
});
