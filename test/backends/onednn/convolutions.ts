/** The native convolutions against the JavaScript kernels of the same names. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { channels, expectSame, kernel, tensor } from './both.js';
import { runs, windows } from './windows.js';

const explicit: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [1, 2],
  [2, 0],
  [0, 0],
];

/** Their tests, for the instruction set that the process has chosen. */
export function convolutions(): void {
  test('convolution, its gradients, bias and ReLU', () =>
    fc.assert(
      fc.asyncProperty(windows, async ({ n, h, w, ci, co, kh, kw, strides, pad, relu, bias }) => {
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
        // Tiles of 2x2 and of 4x4: several groups of rows of them, also of two images, and a shorter last one.
        examples: [15, 14, 24].map((half) => [
          [16, 16],
          [half, half],
          [
            [1, 1],
            [1, 1],
          ],
        ]),
      },
    ));

  // oneDNN itself leaves its memory where such a convolution has fewer channels than a vector has floats.
  test.each([
    [5, 10, 32],
    [6, 12, 31],
    [7, 14, 32],
    [12, 20, 32],
  ])('the filter gradient of every second pixel, %i to %i channels of %i x 32', async (ci, co, h) => {
    await expectSame(() => {
      const filterShape = [1, 1, ci, co];
      const attrs = { strides: 2, pad: 'same', dataFormat: 'NHWC', filterShape };
      const inputs = { x: tensor([16, h, 32, ci], 2), dy: tensor([16, Math.ceil(h / 2), 16, co], 3) };
      return kernel('Conv2DBackpropFilter', inputs, attrs);
    });
  });

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
