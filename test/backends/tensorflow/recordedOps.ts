/** tfjs's operations and their gradients, each as a function of one tensor, for recorded.test.ts. */
import * as tf from '@tensorflow/tfjs-core';

type Operation = (x: tf.Tensor) => tf.Tensor;

/** The input's shape, the operation, and whether its gradient is a case too. */
export interface Case {
  readonly shape: readonly number[];
  readonly f: Operation;
  readonly gradient: boolean;
}

/** Fixed numbers in [0.1, 0.9], no two of one tensor equal. */
export const fixed = (shape: readonly number[], seed = 1): tf.Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: size }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 0.1 + 0.8 * (x - Math.floor(x));
  });
  return tf.tensor(values, [...shape]);
};
const centred = (shape: readonly number[], seed = 1) => tf.sub(fixed(shape, seed), 0.5);

/** All cases by name. Makes tensors: call it when the backend is there. */
export function cases(): Record<string, Case> {
  const all: Record<string, Case> = {};
  const add = (name: string, shape: readonly number[], f: (x: never) => tf.Tensor, gradient = true) => {
    all[name] = { shape, f: f as Operation, gradient };
  };
  const op = tf as unknown as Record<string, (...args: unknown[]) => tf.Tensor>;
  for (const name of [
    ...['abs', 'acos', 'asin', 'atan', 'cos', 'cosh', 'elu', 'erf', 'exp', 'expm1', 'log', 'log1p', 'neg'],
    ...[
      'reciprocal',
      'relu',
      'relu6',
      'rsqrt',
      'selu',
      'sigmoid',
      'sin',
      'sinh',
      'softplus',
      'sqrt',
      'square',
    ],
    ...['tan', 'tanh', 'leakyRelu', 'softmax', 'logSoftmax', 'logSigmoid'],
  ])
    add(name, [3, 4], (x) => op[name]!(x));
  for (const name of [
    'ceil',
    'floor',
    'round',
    'sign',
    'isNaN',
    'isFinite',
    'isInf',
    'onesLike',
    'zerosLike',
  ])
    add(name, [3, 4], (x) => tf.cast(op[name]!(tf.sub(tf.mul(x, 9), 4)), 'float32'), false);
  for (const name of ['sum', 'mean', 'max', 'min', 'prod']) add(name, [3, 4], (x) => op[name]!(x, 1));
  for (const name of ['cumsum', 'cumprod']) add(name, [3, 4], (x) => op[name]!(x, 1), name === 'cumsum');
  for (const name of ['argMax', 'argMin']) add(name, [3, 4], (x) => op[name]!(x, 1), false);
  for (const name of [
    ...[
      'add',
      'sub',
      'mul',
      'div',
      'maximum',
      'minimum',
      'pow',
      'squaredDifference',
      'floorDiv',
      'mod',
      'atan2',
    ],
  ]) {
    const b = fixed([4], 2);
    add(name, [3, 4], (x) => op[name]!(x, b));
    // Graph optimisers like to turn x / 3 into x * (1 / 3).
    add(`${name} 3`, [3, 4], (x) => op[name]!(x, 3));
  }
  for (const name of ['greater', 'greaterEqual', 'less', 'lessEqual', 'equal', 'notEqual'])
    add(name, [3, 4], (x) => tf.cast(op[name]!(x, 0.5), 'float32'), false);
  const condition = tf.greater(fixed([3, 4], 17), 0.5);
  add('where', [3, 4], (x: tf.Tensor) => tf.where(condition, x, tf.zerosLike(x)));
  add('clip', [3, 4], (x: tf.Tensor) => tf.clipByValue(x, 0.3, 0.7));
  add('addN', [3], (x: tf.Tensor) => tf.addN([x, x, x]));
  add('norm', [3, 4], (x: tf.Tensor) => tf.norm(x));
  add('moments', [3, 4], (x: tf.Tensor) => tf.moments(x, 0).variance);
  add('prelu', [3, 4], (x: tf.Tensor) => tf.prelu(tf.sub(x, 0.5), tf.scalar(0.1)));
  shapes(add);
  products(add);
  images(add);
  return all;
}

type Add = (name: string, shape: readonly number[], f: (x: never) => tf.Tensor, gradient?: boolean) => void;

function shapes(add: Add): void {
  add('reshape', [3, 4], (x: tf.Tensor) => tf.reshape(x, [12]));
  add('transpose', [3, 4], (x: tf.Tensor) => tf.transpose(x));
  add('slice', [3, 4], (x: tf.Tensor) => tf.slice(x, [1, 1], [2, 2]));
  add('stridedSlice', [3, 4], (x: tf.Tensor) => tf.stridedSlice(x, [0, 0], [3, 4], [1, 2]), false);
  add('concat', [3, 4], (x: tf.Tensor2D) => tf.concat([x, x, x], 1));
  add('stack', [3, 4], (x: tf.Tensor) => tf.stack([x, x]));
  add('unstack', [3, 4], (x: tf.Tensor) => tf.unstack(x)[1]!);
  add('split', [3, 4], (x: tf.Tensor) => tf.split(x, 2, 1)[1]!);
  add('tile', [3, 4], (x: tf.Tensor) => tf.tile(x, [2, 1]));
  add('pad', [3, 4], (x: tf.Tensor2D) => tf.pad(x, [[1, 1], [0, 2]])); // prettier-ignore
  add('mirrorPad', [3, 4], (x: tf.Tensor2D) => tf.mirrorPad(x, [[1, 1], [0, 2]], 'reflect'), false); // prettier-ignore
  add('reverse', [3, 4], (x: tf.Tensor) => tf.reverse(x, 1));
  add('broadcastTo', [1, 4], (x: tf.Tensor) => tf.broadcastTo(x, [3, 4]));
  add('expandDims', [3, 4], (x: tf.Tensor) => tf.expandDims(x, 1));
  add('squeeze', [3, 1, 4], (x: tf.Tensor) => tf.squeeze(x));
  add('cast', [3, 4], (x: tf.Tensor) => tf.cast(tf.cast(tf.mul(x, 9), 'int32'), 'float32'), false);
  add(
    'oneHot',
    [3],
    (x: tf.Tensor) => tf.cast(tf.oneHot(tf.cast(tf.mul(x, 4), 'int32'), 4), 'float32'),
    false,
  );
  add('unsortedSegmentSum', [3, 2], (x: tf.Tensor2D) => tf.unsortedSegmentSum(x, tf.tensor1d([0, 1, 0], 'int32'), 2), false); // prettier-ignore
  add('topk', [3, 4], (x: tf.Tensor) => tf.topk(x, 2).values, false);
  add('linspace', [3], (x: tf.Tensor) => tf.mul(x, tf.linspace(0, 1, 3)), false);
  add('range', [3], (x: tf.Tensor) => tf.mul(x, tf.range(0, 3)), false);
  add('fill', [3], (x: tf.Tensor) => tf.mul(x, tf.fill([3], 2)), false);
  add('any, all', [3], (x: tf.Tensor) => tf.cast(tf.logicalOr(tf.any(tf.greater(x, 0)), tf.all(tf.greater(x, 0.9))), 'float32'), false); // prettier-ignore
  add(
    'scatterND',
    [2],
    (x: tf.Tensor) => tf.scatterND(tf.tensor2d([[0], [2]], [2, 1], 'int32'), x, [4]),
    false,
  );
  add('fft', [8], (x: tf.Tensor) => tf.real(tf.spectral.fft(tf.complex(x, x))), false);
}

function products(add: Add): void {
  add('matMul', [3, 4], (x: tf.Tensor2D) => tf.matMul(x, x, false, true));
  const w = centred([2, 4, 5], 3);
  add('batched matMul', [2, 3, 4], (x: tf.Tensor) => tf.matMul(x, w));
  add('einsum', [3, 4], (x: tf.Tensor) => tf.einsum('ij,kj->ik', x, x), false);
  const [dense, bias] = [centred([4, 5], 4) as tf.Tensor2D, centred([5], 5)];
  const fused = (x: tf.Tensor2D) => tf.fused.matMul({ a: x, b: dense, bias, activation: 'relu' });
  add('fused.matMul', [3, 4], fused);
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2], 'int32'), 4);
  add('softmaxCrossEntropy', [3, 4], (x: tf.Tensor2D) => tf.losses.softmaxCrossEntropy(labels, x));
}

function images(add: Add): void {
  const filter = centred([3, 3, 2, 4], 6) as tf.Tensor4D;
  const x0 = centred([2, 6, 6, 2], 7) as tf.Tensor4D;
  const bias = centred([4], 8);
  add('conv2d', [2, 6, 6, 2], (x: tf.Tensor4D) => tf.conv2d(x, filter, 1, 'same'));
  add('conv2d, stride 2, valid', [2, 7, 7, 2], (x: tf.Tensor4D) => tf.conv2d(x, filter, 2, 'valid'));
  add('conv2d, dilated', [2, 8, 8, 2], (x: tf.Tensor4D) => tf.conv2d(x, filter, 1, 'same', 'NHWC', 2), false);
  add('conv2d by its filter', [3, 3, 2, 4], (k: tf.Tensor4D) => tf.conv2d(x0, k, 1, 'same'));
  const transposed = centred([3, 3, 5, 2], 9) as tf.Tensor4D;
  add('conv2dTranspose', [2, 6, 6, 2], (x: tf.Tensor4D) => tf.conv2dTranspose(x, transposed, [2, 12, 12, 5], 2, 'same')); // prettier-ignore
  const depth = centred([3, 3, 2, 2], 10) as tf.Tensor4D;
  add('depthwiseConv2d', [2, 6, 6, 2], (x: tf.Tensor4D) => tf.depthwiseConv2d(x, depth, 1, 'same'));
  const line = centred([3, 2, 4], 11) as tf.Tensor3D;
  add('conv1d', [2, 6, 2], (x: tf.Tensor3D) => tf.conv1d(x, line, 1, 'same'));
  const cube = centred([3, 3, 3, 2, 2], 12) as tf.Tensor5D;
  add('conv3d', [1, 4, 4, 4, 2], (x: tf.Tensor5D) => tf.conv3d(x, cube, 1, 'same'));
  const fused = (x: tf.Tensor4D) =>
    tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation: 'relu' });
  add('fused.conv2d', [2, 6, 6, 2], fused);
  add('maxPool', [2, 6, 6, 2], (x: tf.Tensor4D) => tf.maxPool(x, 2, 2, 'same'));
  add('avgPool', [2, 6, 6, 2], (x: tf.Tensor4D) => tf.avgPool(x, 2, 2, 'same'));
  add('maxPool3d', [1, 4, 4, 4, 2], (x: tf.Tensor5D) => tf.maxPool3d(x, 2, 2, 'same'));
  const [mean, variance, scale, offset] = [13, 14, 15, 16].map((seed) => fixed([2], seed) as tf.Tensor1D);
  add('batchNorm', [2, 3, 3, 2], (x: tf.Tensor4D) => tf.batchNorm(x, mean!, variance!, offset, scale, 1e-3));
  add('localResponseNormalization', [1, 3, 3, 8], (x: tf.Tensor4D) => tf.localResponseNormalization(x));
  add('resizeBilinear', [1, 4, 4, 2], (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [8, 8]));
  add('resizeNearestNeighbor', [1, 4, 4, 2], (x: tf.Tensor4D) => tf.image.resizeNearestNeighbor(x, [8, 8]));
  add('depthToSpace', [1, 2, 2, 4], (x: tf.Tensor4D) => tf.depthToSpace(x, 2, 'NHWC'), false);
  add('spaceToBatchND', [1, 4, 4, 2], (x: tf.Tensor) => tf.spaceToBatchND(x, [2, 2], [[0, 0], [0, 0]])); // prettier-ignore
}
