import { describe, expect, test } from 'vitest';
import { models } from '../../bench/speed/models.js';
import { multiplyAdds, productsOf, trainingFlops } from '../../bench/speed/flops.js';
import { buildModel } from '../../src/models/index.js';

const named = (name: string) => models.find((model) => model.name === name)!;
const forward = (name: string) => {
  const { spec, shape } = named(name);
  return productsOf(spec, shape).reduce((sum, layer) => sum + multiplyAdds(layer), 0);
};

describe('multiply-adds by definition', () => {
  test('of the MLP, one for each weight', () => {
    expect(forward('mlp')).toBe(784 * 256 + 256 * 128 + 128 * 10);
  });

  test('of the CNN', () => {
    expect(forward('cnn')).toBe(28 * 28 * 25 * 16 + 14 * 14 * 25 * 16 * 32 + 7 * 7 * 32 * 10);
  });

  test('of ResNet-20: 40.8 million, with two projections of 131,072 each', () => {
    const stage = 16 * 16 * 9 * 1024;
    const stem = 3 * 16 * 9 * 1024;
    expect(forward('resnet-20')).toBe(stem + 6 * stage + 2 * (5.5 * stage + 131_072) + 640);
    expect(forward('resnet-20') / 1e6).toBeCloseTo(40.8, 1);
  });

  test('of the transformer: its dense layers for each of 64 positions, and two products of all with all', () => {
    const block = 64 * 12 * 128 * 128 + 2 * 64 * 64 * 128;
    expect(forward('transformer')).toBe(64 * 48 * 128 + 4 * block + 128 * 10);
  });

  const layered = models.filter(({ spec }) => spec.name !== 'transformer');
  test.each(layered)('of $name lists every weight of the model once', ({ spec, shape }) => {
    const weights = buildModel(spec, shape)
      .params.map((param) => param.shape)
      .filter((dims) => dims.length > 1)
      .map((dims) => dims.reduce((product, n) => product * n, 1));
    const listed = productsOf(spec, shape).map(({ k, inputs, outputs }) => k * k * inputs * outputs);
    expect([...listed].sort((a, b) => a - b)).toEqual([...weights].sort((a, b) => a - b));
  });

  test('the first layer has no input gradient', () => {
    const layers = [
      { positions: 4, k: 3, inputs: 2, outputs: 5 },
      { positions: 1, k: 1, inputs: 20, outputs: 10 },
    ];
    expect(trainingFlops(layers)).toBe(2 * (2 * 360 + 3 * 200));
  });
});
