/** Every native kernel against the JavaScript kernel of the same name, on random shapes. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { built, channels, expectSame, kernel, tensor } from './both.js';

const runs = { numRuns: 40 };

const convolution = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 1, max: 9 }),
    w: fc.integer({ min: 1, max: 20 }),
    ci: channels,
    co: channels,
    kh: fc.integer({ min: 1, max: 5 }),
    kw: fc.integer({ min: 1, max: 5 }),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom<'same' | 'valid' | number | 'explicit'>('same', 'valid', 0, 1, 2, 'explicit'),
    relu: fc.boolean(),
    bias: fc.boolean(),
  })
  .filter(({ h, w, kh, kw, pad }) => pad === 'same' || (kh <= h && kw <= w))
  // tfjs takes a padding in pixels for square filters and strides only: it computes the width with the height's.
  .map((shape) =>
    typeof shape.pad === 'number'
      ? {
          ...shape,
          w: Math.max(shape.w, shape.kh),
          kw: shape.kh,
          strides: [shape.strides[0], shape.strides[0]] as [number, number],
        }
      : shape,
  );

const explicit: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [1, 2],
  [2, 0],
  [0, 0],
];

function convolutions(): void {
  test('convolution, its gradients, bias and ReLU', () =>
    fc.assert(
      fc.asyncProperty(convolution, async ({ n, h, w, ci, co, kh, kw, strides, pad, relu, bias }) => {
        const padding = pad === 'explicit' ? explicit : pad;
        const attrs = { strides, pad: padding, dataFormat: 'NHWC', dilations: 1, dimRoundingMode: 'floor' };
        const inputShape = [n, h, w, ci] as [number, number, number, number];
        const filterShape = [kh, kw, ci, co] as [number, number, number, number];
        const info = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, padding, 'floor');
        await expectSame(() => {
          const x = tensor(inputShape, 2);
          const filter = tensor(filterShape, 3);
          const dy = tensor(info.outShape, 4);
          return [
            ...kernel('Conv2D', { x, filter }, attrs),
            ...kernel('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape }),
            ...kernel('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape }),
            ...kernel('FusedConv2D', bias ? { x, filter, bias: tensor([co], 5) } : { x, filter }, {
              ...attrs,
              activation: relu ? 'relu' : 'linear',
            }),
          ];
        });
      }),
      runs,
    ));

  test("Winograd's convolution and its gradients", () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.constantFrom(16, 32, 48), fc.constantFrom(16, 32, 48)),
        fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })),
        fc.constantFrom<[[number, number], [number, number]]>(
          [
            [1, 1],
            [1, 1],
          ],
          [
            [0, 2],
            [1, 1],
          ],
          [
            [2, 2],
            [0, 2],
          ],
        ),
        async ([ci, co], [halfHeight, halfWidth], [rows, columns]) => {
          const pad: tf.backend_util.ExplicitPadding = [[0, 0], rows, columns, [0, 0]];
          const attrs = { strides: 1, pad, dataFormat: 'NHWC', dilations: 1, dimRoundingMode: 'floor' };
          const inputShape = [2, 2 * halfHeight, 2 * halfWidth, ci] as [number, number, number, number];
          const filterShape = [3, 3, ci, co] as [number, number, number, number];
          const info = tf.backend_util.computeConv2DInfo(inputShape, filterShape, 1, 1, pad, 'floor');
          await expectSame(() => {
            const [x, filter, dy] = [tensor(inputShape, 2), tensor(filterShape, 3), tensor(info.outShape, 4)];
            return [
              ...kernel(
                'FusedConv2D',
                { x, filter, bias: tensor([co], 5) },
                { ...attrs, activation: 'relu' },
              ),
              ...kernel('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape }),
              ...kernel('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape }),
            ];
          }, 1e-5);
        },
      ),
      {
        numRuns: 8,
        // 14 rows of 14 tiles: several groups of them, and a shorter last one, in every direction.
        examples: [
          [
            [16, 16],
            [14, 14],
            [
              [1, 1],
              [1, 1],
            ],
          ],
        ],
      },
    ));

  test('dilated convolution', () =>
    fc.assert(
      fc.asyncProperty(channels, channels, fc.integer({ min: 1, max: 3 }), async (ci, co, dilation) => {
        await expectSame(() =>
          tf.conv2d(
            tensor([2, 11, 9, ci]) as tf.Tensor4D,
            tensor([3, 2, ci, co]) as tf.Tensor4D,
            1,
            'same',
            'NHWC',
            [dilation, 2],
          ),
        );
      }),
      runs,
    ));

  test.each(['relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'])(
    'convolution and product with %s',
    async (activation) => {
      await expectSame(() => {
        const weights = activation === 'prelu' ? { preluActivationWeights: tensor([16]) } : {};
        const attrs = {
          strides: 1,
          pad: 'same',
          dataFormat: 'NHWC',
          dilations: 1,
          activation,
          leakyreluAlpha: 0.3,
        };
        return [
          ...kernel(
            'FusedConv2D',
            { x: tensor([2, 5, 5, 3]), filter: tensor([3, 3, 3, 16]), ...weights },
            attrs,
          ),
          ...kernel(
            '_FusedMatMul',
            { a: tensor([1, 7, 5]), b: tensor([1, 5, 16], 2), bias: tensor([16], 3), ...weights },
            { transposeA: false, transposeB: false, activation, leakyreluAlpha: 0.3 },
          ),
        ];
      });
    },
  );

  test('NCHW falls back', () =>
    expectSame(() =>
      tf.conv2d(tensor([2, 4, 6, 5]) as tf.Tensor4D, tensor([3, 3, 4, 16]) as tf.Tensor4D, 1, 'same', 'NCHW'),
    ));
}

function products(): void {
  const size = fc.integer({ min: 1, max: 40 });
  test('matrix products in all transpositions', () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, size),
        fc.tuple(fc.boolean(), fc.boolean()),
        fc.constantFrom<[number, number]>([1, 1], [3, 3], [1, 3], [3, 1]),
        async ([m, k, n], [transposeA, transposeB], [batchA, batchB]) => {
          await expectSame(() => {
            const a = tensor(transposeA ? [batchA, k, m] : [batchA, m, k], 2);
            const b = tensor(transposeB ? [batchB, n, k] : [batchB, k, n], 3);
            const attrs = { transposeA, transposeB };
            return [
              ...kernel('BatchMatMul', { a, b }, attrs),
              ...kernel('_FusedMatMul', { a, b, bias: tensor([n], 4) }, { ...attrs, activation: 'relu' }),
            ];
          });
        },
      ),
      runs,
    ));
}

function pooling(): void {
  test('max and average pooling and their gradients', () =>
    fc.assert(
      fc.asyncProperty(
        convolution.filter(({ pad }) => pad !== 'explicit'),
        async ({ n, h, w, ci, kh, kw, strides, pad }) => {
          const attrs = { filterSize: [kh, kw], strides, pad, dimRoundingMode: 'floor' };
          const shape = [n, h, w, ci] as [number, number, number, number];
          const info = tf.backend_util.computePool2DInfo(shape, [kh, kw], strides, 1, pad as 'same', 'floor');
          // tfjs's own average gradient divides by the whole window; a window in the padding alone has no maximum.
          await expectSame(() => {
            const x = tensor(shape, 2);
            const dy = tensor(info.outShape, 3);
            const max = kernel('MaxPool', { x }, attrs);
            return [
              ...max,
              ...kernel('AvgPool', { x }, attrs),
              ...kernel('MaxPoolGrad', { dy, input: x, output: max[0]! }, attrs),
              ...kernel('AvgPoolGrad', { dy, input: x }, attrs),
            ];
          });
        },
      ),
      runs,
    ));

  test('of equal values the first takes the gradient, and NaN never wins', () =>
    expectSame(() => {
      const attrs = { filterSize: 2, strides: 1, pad: 'valid' };
      const x = tf.tensor4d([3, 3, NaN, 3, 3, 1, 2, 3, NaN], [1, 3, 3, 1]);
      const [y] = kernel('MaxPool', { x }, attrs);
      return [y!, ...kernel('MaxPoolGrad', { dy: tensor([1, 2, 2, 1]), input: x, output: y! }, attrs)];
    }));
}

function elementwise(): void {
  const shapes = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 1, 2, 3)), {
      minLength: 0,
      maxLength: 6,
    })
    .map((axes) => ({
      a: axes.map(([size, kind]) => (kind === 1 ? 1 : size)),
      b: axes.map(([size, kind]) => (kind === 2 ? 1 : size)),
    }));
  test('+ - * / with every broadcast', () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 0, max: 6 }), async ({ a, b }, cut) => {
        await expectSame(() => {
          const [x, y] = [tensor(a, 2), tf.add(tensor(b.slice(cut), 3), 2)];
          return [tf.add(x, y), tf.sub(x, y), tf.mul(x, y), tf.div(x, y), tf.sub(y, x)];
        });
      }),
      { numRuns: 150 },
    ));

  test('ReLU of every kind of number', () =>
    expectSame(() => tf.relu(tf.tensor1d([NaN, Infinity, -Infinity, 0, -0, 1e-40, -1, 2, ...values17()]))));

  test('sums and means over any axes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
        fc.nat(15),
        fc.boolean(),
        async (shape, bits, keepDims) => {
          const axes = shape.map((_, axis) => axis).filter((axis) => (bits >> axis) & 1);
          await expectSame(() => {
            const x = tensor(shape);
            return [tf.sum(x, axes, keepDims), tf.mean(x, axes, keepDims)];
          });
        },
      ),
      runs,
    ));

  test('split and concat', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
        async (sizes) => {
          await expectSame(() => {
            const total = sizes.reduce((sum, n) => sum + n, 0);
            const parts = tf.split(tensor([total]), sizes);
            const rows = sizes.map((n, i) => tensor([3, n % 7, 2], i));
            return [...parts, tf.concat([...parts].reverse()), tf.concat(rows, 1)];
          });
        },
      ),
      runs,
    ));
}

const values17 = () => Array.from({ length: 17 }, (_, i) => i - 8);

/** The suite, for the instruction set that the process has chosen. */
export function describeKernels(isa: string): void {
  describe.skipIf(!built)(`native kernels with ${isa}`, () => {
    convolutions();
    products();
    pooling();
    elementwise();
  });
}
