/** Networks that cannot fit into memory are refused from their shapes alone. */
import { describe, expect, it } from 'vitest';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { trainShape } from '../../src/data/index.js';
import { buildModel } from '../../src/models/index.js';
import { availableBytes, leastBytes, requireMemory, requireTensors } from '../../src/models/memory.js';

const experiment = (model: object, optimizers = ['sgd']) =>
  experimentSchema.parse({
    name: 'x',
    dataset: { name: 'synthetic-mnist', train: 60, test: 20 },
    model,
    train: { epochs: 1, batchSize: 10 },
    optimizers,
    grid: { lr: [0.1], wd: [0] },
  });

const check = (one: ReturnType<typeof experiment>, limits: { backend: string; limit?: number }) => () =>
  requireMemory(buildModel(one.model, trainShape(one.dataset)), one, limits);

describe('the memory that a network takes at least', () => {
  const least = (one: ReturnType<typeof experiment>) =>
    leastBytes(buildModel(one.model, trainShape(one.dataset)), one);
  const parameters = 784 * 1000 + 1000 + 1000 * 10 + 10;

  it('is theta, gradient, momentum and the largest activation of a batch', () => {
    expect(least(experiment({ name: 'mlp', hidden: [1000] }))).toBe(4 * (3 * parameters + 10 * 1000));
  });
  it('has the second moment where one optimizer is an Adam', () => {
    const both = experiment({ name: 'mlp', hidden: [1000] }, ['sgd', 'adamw']);
    expect(least(both)).toBe(4 * (4 * parameters + 10 * 1000));
  });
  it('counts the images where no layer makes more of them', () => {
    const weights = 784 * 2 + 2 + 2 * 10 + 10;
    expect(least(experiment({ name: 'mlp', hidden: [2] }))).toBe(4 * (3 * weights + 10 * 784));
  });
});

describe('a network', () => {
  const code = 'model-too-large';
  const huge = experiment({ name: 'mlp', hidden: [1e6, 1e6] });
  it('that no machine can hold is refused, with its size', () => {
    const message = expect.stringContaining('1,000,796,000,010') as string;
    expect(check(huge, { backend: 'cpu' })).toThrow(expect.objectContaining({ code, exitCode: 2, message }));
  });
  it('is not refused where TensorFlow may have another memory', () => {
    expect(check(huge, { backend: 'tensorflow' })).not.toThrow();
  });
  it('is held against --memory-limit', () => {
    const small = experiment({ name: 'mlp', hidden: [1000] });
    expect(check(small, { backend: 'cpu', limit: 2 ** 20 })).toThrow(expect.objectContaining({ code }));
    expect(check(small, { backend: 'cpu', limit: 2 ** 30 })).not.toThrow();
  });
  it('is held against what WebAssembly can address', () => {
    // 4.8 GB: most machines have that, no WebAssembly does.
    const large = experiment({ name: 'mlp', hidden: [20_000, 19_000] });
    expect(check(large, { backend: 'wasm' })).toThrow(expect.objectContaining({ code }));
  });
});

it('the memory that is there is some', () => {
  expect(availableBytes()).toBeGreaterThan(2 ** 27);
  expect(availableBytes()).toBeLessThan(2 ** 50);
});

describe('the tensors of a network', () => {
  const require = (hidden: number, batchSize: number, largest: number | undefined) => () => {
    const { model, dataset } = experiment({ name: 'mlp', hidden: [hidden] });
    requireTensors(buildModel(model, trainShape(dataset)), { model, batchSize }, largest);
  };
  const refused = (...sizes: string[]) =>
    expect.objectContaining({
      code: 'model-too-large',
      message: expect.stringMatching(sizes.join('.*')) as string,
    }) as Error;
  const parameters = 4 * (784 * 3000 + 3000 + 3000 * 10 + 10);

  it('may be as large as the device takes', () => {
    expect(require(3000, 100, parameters)).not.toThrow();
    expect(require(3000, 900, 4 * 900 * 3000)).not.toThrow();
  });
  it('are refused where the parameters are too many, with both sizes', () => {
    expect(require(3000, 100, parameters - 4)).toThrow(
      refused('2,385,010 parameters', '0.00888 GiB', '0.00888 GiB'),
    );
  });
  it('are refused where a layer gives too much for a batch, with both sizes', () => {
    expect(require(3000, 900, parameters)).toThrow(refused('batch of 900', '0.0101 GiB', '0.00888 GiB'));
  });
  it('have no limit on a backend that names none', () => {
    expect(require(3000, 1e9, undefined)).not.toThrow();
  });
});
