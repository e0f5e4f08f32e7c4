/**
 * Convolutions, products and pooling of the WebGPU backend against the cpu backend: over geometries, for every tile of
 * the table whether it would be chosen or not, for the layers of the networks, and twice the same bits.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { webgpu } from './both.js';
import { whyNoDevice } from './softwareDevice.js';
import { relativeDifference } from '../../../src/backends/check.js';
import { useBackend } from '../../../src/backends/index.js';
import { loadCpu } from '../../../src/backends/cpu.js';
import { runKernel } from '../../../src/backends/kernels.js';
import * as tf from '../../../src/backends/tfjs.js';
import {
  convolution,
  filterGradient,
  inputGradient,
} from '../../../src/backends/webgpu/kernels/convolution.js';
import { longProduct } from '../../../src/backends/webgpu/kernels/matMul.js';
import {
  productTile,
  productTiles,
  slicedTile,
  slicesOf,
  storageOf,
  threadsOf,
  type ProductTile,
} from '../../../src/backends/webgpu/tiles.js';

const tiles = Object.entries<ProductTile>(productTiles);

/** Numbers in (-1, 1) that look random. */
function numbers(shape: readonly number[], seed: number): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: size }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
  return tf.tensor(values, [...shape]);
}

/** What a computation gives on a backend, all in one array. */
async function on(backend: string, compute: () => tf.Tensor[]): Promise<Float32Array> {
  await tf.setBackend(backend);
  const tensors = tf.tidy(compute);
  const parts = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

async function expectEqual(onCpu: () => tf.Tensor[], onGpu = onCpu, tolerance = 1e-5): Promise<void> {
  const expected = await on('cpu', onCpu);
  expect(relativeDifference(await on('webgpu', onGpu), expected)).toBeLessThan(tolerance);
}

const made = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info);

interface Geometry {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly channels: readonly [number, number];
  readonly filter: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Zeros before and after, along both axes, or tfjs's word. */
  readonly pad: 'same' | 'valid' | readonly [number, number];
}

function layer({ batch, size, channels, filter, strides, pad }: Geometry) {
  const given =
    typeof pad === 'string' ? pad : ([[0, 0], [...pad], [...pad], [0, 0]] as unknown as tf.ExplicitPadding);
  const xShape = [batch, ...size, channels[0]] as [number, number, number, number];
  const filterShape = [...filter, ...channels] as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(xShape, filterShape, [...strides], 1, given);
  const inputs = () => ({
    x: numbers(xShape, 1),
    filter: numbers(filterShape, 2),
    dy: numbers(info.outShape, 3),
    bias: numbers([channels[1]], 4),
  });
  const attrs = { strides: [...strides], pad: given, dataFormat: 'NHWC', dilations: [1, 1] };
  return { info, inputs, attrs: attrs as unknown as tf.NamedAttrMap, xShape, filterShape };
}

/** The convolution with bias and ReLU, and both gradients, by the kernels that are registered. */
function registered(geometry: Geometry): () => tf.Tensor[] {
  const { inputs, attrs, xShape, filterShape } = layer(geometry);
  return () => {
    const { x, filter, dy, bias } = inputs();
    return [
      ...runKernel(tf.FusedConv2D, { x, filter, bias }, { ...attrs, activation: 'relu' }),
      ...runKernel(tf.Conv2DBackpropInput, { dy, filter }, { ...attrs, inputShape: xShape }),
      ...runKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attrs, filterShape }),
    ];
  };
}

/** The same by our kernels with a tile. */
function forced(geometry: Geometry, tile: ProductTile): () => tf.Tensor[] {
  const { info, inputs } = layer(geometry);
  return () => {
    const { x, filter, dy, bias } = inputs();
    return [
      convolution(webgpu(), x, filter, info, { bias, activation: 'relu' }, tile),
      inputGradient(webgpu(), dy, filter, info, tile),
      filterGradient(webgpu(), x, dy, info, tile),
    ].map(made);
  };
}

const small = fc.integer({ min: 1, max: 5 });
const geometries: fc.Arbitrary<Geometry> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    size: fc.tuple(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 11 })),
    channels: fc.tuple(fc.constantFrom(1, 2, 3, 4, 8, 20), fc.constantFrom(1, 3, 4, 8, 20)),
    filter: fc.tuple(small, small),
    strides: fc.constantFrom([1, 1] as const, [2, 2] as const, [1, 2] as const, [2, 1] as const),
    pad: fc.constantFrom<Geometry['pad'][]>('same', 'valid', [1, 1], [2, 2], [1, 0], [0, 1]),
  })
  .filter(({ size, filter, strides, pad }) => {
    const sum = pad === 'same' ? Infinity : pad === 'valid' ? 0 : pad[0] + pad[1];
    if (typeof pad !== 'string' && filter.some((n) => Math.max(...pad) >= n)) return false;
    // tfjs computes the output's height and width under a given padding from the first axis' stride alone.
    if (typeof pad !== 'string' && strides[0] !== strides[1]) return false;
    return size.every((n, i) => n + sum >= filter[i]!);
  });

describe('the table of tiles', () => {
  test.each(tiles)('%s fits into the least that WebGPU promises', (_, tile) => {
    const threads = threadsOf(tile);
    expect(threads).toBeLessThanOrEqual(256);
    expect(storageOf(tile)).toBeLessThanOrEqual(16_384);
    // Threads share the copying of either operand evenly, whichever axis it lies along.
    expect(tile.inner % 4).toBe(0);
    for (const size of [tile.rows, tile.cols]) {
      expect(threads % (size / 4)).toBe(0);
      expect((size * tile.inner) % (4 * threads)).toBe(0);
    }
    expect(threads % (tile.inner / 4)).toBe(0);
    expect([tile.perThread[0] % 4, tile.perThread[1] % 4]).toEqual([0, 0]);
  });

  test('slices cover the inner axis once, and are multiples of the step', () => {
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 6000 }),
      cols: fc.integer({ min: 1, max: 700 }),
      inner: fc.integer({ min: 1, max: 600_000 }),
    });
    fc.assert(
      fc.property(shape, (shape) => {
        const tile = slicedTile(shape);
        const { count, length } = slicesOf(shape, tile);
        expect(length % tile.inner).toBe(0);
        expect(count * length).toBeGreaterThanOrEqual(shape.inner);
        expect((count - 1) * length).toBeLessThan(shape.inner);
      }),
    );
  });

  test('the layers of a ResNet-20 get the tiles that docs/gpu.md names', () => {
    const nameOf = (tile: ProductTile) => tiles.find(([, one]) => one === tile)?.[0];
    const stages = [
      [32, 16],
      [16, 32],
      [8, 64],
    ] as const;
    const chosen = stages.map(([side, channels]) => {
      const [pixels, taps] = [128 * side * side, 9 * channels];
      const filter = { rows: taps, cols: channels, inner: pixels };
      return [
        nameOf(slicedTile(filter)),
        slicesOf(filter, slicedTile(filter)).count,
        nameOf(productTile({ rows: pixels, cols: channels, inner: taps }, 1)),
      ];
    });
    expect(chosen).toEqual([
      ['narrow', 342, 'narrow'],
      ['square', 114, 'square'],
      ['square', 29, 'square'],
    ]);
  });
});

describe.skipIf(whyNoDevice)(`webgpu against cpu ${whyNoDevice ?? ''}`, () => {
  beforeAll(async () => {
    await loadCpu();
    await useBackend('webgpu');
  });

  test('convolutions and their gradients over geometries', async () => {
    await fc.assert(
      fc.asyncProperty(geometries, fc.constantFrom(undefined, ...tiles), async (geometry, tile) => {
        await expectEqual(registered(geometry), tile ? forced(geometry, tile[1]) : registered(geometry));
      }),
      { numRuns: 16 },
    );
  });

  describe.each(tiles)('with the tile %s', (_, tile) => {
    test.each<[string, Geometry]>([
      [
        'more than one tile along each axis',
        { batch: 2, size: [9, 8], channels: [8, 68], filter: [3, 3], strides: [2, 1], pad: 'same' },
      ],
      [
        'channels that are not multiples of four',
        { batch: 1, size: [9, 9], channels: [3, 10], filter: [5, 5], strides: [1, 1], pad: 'same' },
      ],
    ])('convolutions: %s', async (_what, geometry) => {
      await expectEqual(registered(geometry), forced(geometry, tile));
    });

    // The gradient of a dense layer's weights with every tile, the others with one.
    test.each([
      [true, false],
      ...(tile === productTiles.square
        ? [
            [false, false],
            [false, true],
            [true, true],
          ]
        : []),
    ] as [boolean, boolean][])(
      'products in slices, transposed: %s and %s',
      async (transposeA, transposeB) => {
        const [rows, inner, cols] = [20, 1030, 12];
        const run = (multiply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) => () => [
          multiply(
            numbers(transposeA ? [inner, rows] : [rows, inner], 1),
            numbers(transposeB ? [cols, inner] : [inner, cols], 2),
          ),
        ];
        await expectEqual(
          run((a, b) => tf.matMul(a, b, transposeA, transposeB)),
          run((a, b) =>
            made(longProduct(webgpu(), a, b, { transposeA, transposeB, activation: 'linear' }, tile)),
          ),
        );
      },
    );
  });

  // Of the networks of src/models, with fewer images.
  const layers: [string, Geometry][] = [
    [
      'a ResNet',
      { batch: 2, size: [32, 32], channels: [3, 16], filter: [3, 3], strides: [1, 1], pad: 'same' },
    ],
    [
      'stage 1',
      { batch: 2, size: [32, 32], channels: [16, 16], filter: [3, 3], strides: [1, 1], pad: 'same' },
    ],
    [
      'stage 2',
      { batch: 3, size: [32, 32], channels: [16, 32], filter: [3, 3], strides: [2, 2], pad: [1, 1] },
    ],
    [
      'a shortcut',
      { batch: 2, size: [16, 16], channels: [32, 64], filter: [1, 1], strides: [2, 2], pad: 'valid' },
    ],
    ['stage 3', { batch: 3, size: [8, 8], channels: [64, 64], filter: [3, 3], strides: [1, 1], pad: 'same' }],
    [
      'two paths',
      { batch: 2, size: [16, 16], channels: [16, 32], filter: [2, 2], strides: [2, 2], pad: [1, 0] },
    ],
    ['a cnn', { batch: 2, size: [28, 28], channels: [1, 16], filter: [5, 5], strides: [1, 1], pad: 'same' }],
    [
      'its second stage',
      { batch: 2, size: [14, 14], channels: [16, 32], filter: [5, 5], strides: [1, 1], pad: 'same' },
    ],
    [
      'patches',
      { batch: 2, size: [28, 28], channels: [1, 20], filter: [4, 4], strides: [4, 4], pad: 'valid' },
    ],
    [
      'a wide shortcut',
      { batch: 2, size: [8, 8], channels: [16, 160], filter: [1, 1], strides: [1, 1], pad: 'valid' },
    ],
    [
      'the last image',
      { batch: 1, size: [8, 8], channels: [256, 20], filter: [3, 3], strides: [1, 1], pad: 'same' },
    ],
  ];
  test.each(layers)('layers: %s', async (_, geometry) => {
    await expectEqual(registered(geometry));
  });

  test('convolutions that are dilated, or whose channels come first, are left to tfjs', async () => {
    const run = (dataFormat: 'NHWC' | 'NCHW') => () => {
      const [x, filter] = [numbers([1, 7, 7, 7], 1) as tf.Tensor4D, numbers([2, 2, 7, 4], 2) as tf.Tensor4D];
      const isFirst = dataFormat === 'NCHW';
      const y = tf.conv2d(x, filter, 1, 'valid', dataFormat, isFirst ? 1 : 2);
      const dy = numbers([1, 4, 6, 6], 3);
      const attrs = { strides: [1, 1], pad: 'valid', dataFormat: 'NCHW' };
      return isFirst
        ? [
            y,
            ...runKernel(tf.Conv2DBackpropInput, { dy, filter }, { ...attrs, inputShape: [1, 7, 7, 7] }),
            ...runKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attrs, filterShape: [2, 2, 7, 4] }),
          ]
        : [y];
    };
    await expectEqual(run('NHWC'));
    await expectEqual(run('NCHW'));
  });

  test('the same bits on every call', async () => {
    const compute = () => {
      const [x, dy] = [numbers([2, 32, 32, 4], 1), numbers([2, 32, 32, 8], 2)];
      const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 4, 8] };
      return [
        ...runKernel(tf.Conv2DBackpropFilter, { x, dy }, attrs),
        // tfjs would add this one with atomics.
        tf.matMul(numbers([2100, 24], 3) as tf.Tensor2D, numbers([2100, 12], 4) as tf.Tensor2D, true, false),
      ];
    };
    const first = await on('webgpu', compute);
    for (let i = 0; i < 3; i++) expect(await on('webgpu', compute)).toEqual(first);
  });

  test('nothing of a convolution stays behind', async () => {
    const compute = registered({
      batch: 2,
      size: [32, 32],
      channels: [16, 16],
      filter: [3, 3],
      strides: [1, 1],
      pad: 'same',
    });
    await on('webgpu', compute);
    const before = tf.memory();
    const kept = webgpu().numDataIds();
    await on('webgpu', compute);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(webgpu().numDataIds()).toBe(kept);
  });

  const products: [string, number[], number[], boolean, boolean][] = [
    ['a dense layer', [20, 300], [300, 10], false, false],
    ['its weights', [20, 300], [20, 10], true, false],
    ['its input', [20, 10], [300, 10], false, true],
    ['after many values', [24, 2048], [2048, 12], false, false],
    ['one image', [1, 2048], [2048, 10], false, false],
    ['heads', [2, 3, 17, 8], [2, 3, 17, 8], false, true],
    ['weights of heads', [2, 3, 17, 17], [2, 3, 17, 8], true, false],
    ['a stack of one', [1, 24, 1030], [1030, 12], false, false],
  ];
  test.each(products)('products: %s', async (_, a, b, transposeA, transposeB) => {
    await expectEqual(() => [tf.matMul(numbers(a, 1), numbers(b, 2), transposeA, transposeB)]);
  });

  test.each([
    ['short', 20, 100, 12, 'relu'],
    ['long', 20, 2048, 12, 'relu'],
    ['long', 20, 2048, 12, 'linear'],
  ] as const)('%s products with a bias [%i, %i, %i, %s]', async (_, rows, inner, cols, activation) => {
    await expectEqual(() => {
      const inputs = { a: numbers([rows, inner], 1), b: numbers([inner, cols], 2), bias: numbers([cols], 3) };
      return runKernel(tf._FusedMatMul, inputs, { transposeA: false, transposeB: false, activation });
    });
  });

  describe('pooling', () => {
    const pools: [string, [number, number], number, number, 'same' | 'valid' | number][] = [
      ['side by side', [8, 8], 2, 2, 'valid'],
      ['with a remainder', [7, 9], 2, 2, 'valid'],
      ['of three', [7, 8], 3, 3, 'valid'],
      ['of one', [3, 3], 1, 1, 'valid'],
      ['that overlap', [7, 6], 3, 2, 'same'],
      ['with gaps', [8, 8], 2, 3, 'valid'],
    ];
    test.each(pools)('windows %s', async (_, size, filterSize, strides, pad) => {
      const attrs = { filterSize, strides, pad } as unknown as tf.NamedAttrMap;
      await expectEqual(() => {
        const input = numbers([2, ...size, 3], 1);
        const max = runKernel(tf.MaxPool, { x: input }, attrs)[0]!;
        const average = runKernel(tf.AvgPool, { x: input }, attrs)[0]!;
        const dy = numbers(max.shape, 2);
        return [
          max,
          average,
          ...runKernel(tf.MaxPoolGrad, { dy, input, output: max }, attrs),
          ...runKernel(tf.AvgPoolGrad, { dy, input }, attrs),
        ];
      });
    });

    test('of equal maxima the first has the gradient', async () => {
      const attrs = { filterSize: 2, strides: 2, pad: 'valid' };
      const compute = () => {
        const input = tf.tensor4d([5, 5, 0, 0, 5, 5, 0, 0], [1, 2, 4, 1]);
        const output = tf.maxPool(input, 2, 2, 'valid');
        return runKernel(tf.MaxPoolGrad, { dy: tf.tensor4d([1, 2], [1, 1, 2, 1]), input, output }, attrs);
      };
      await expectEqual(compute);
      expect([...(await on('webgpu', compute))]).toEqual([1, 0, 2, 0, 0, 0, 0, 0]);
    });
  });
});
