/** Batch normalisation in training with residual and ReLU, and its gradient (nn/batchNorm.ts is the specification). */
import type { TensorInfo } from '../../tfjs.js';
import { BatchNormTrain, BatchNormTrainGrad } from '../../kernels.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import type { Binding } from '../dispatch.js';
import { eachElement, matrixOf, reduceRows, sumRows, type Reduction } from './columns.js';
import { alias, register } from './register.js';

interface TrainInputs {
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly offset: TensorInfo;
  readonly residual?: TensorInfo;
}

/**
 * Mean and variance by pairwise merging (Chan, Golub & LeVeque 1983, https://doi.org/10.1080/00031305.1983.10483115): a
 * value is [count, mean, sum of squares around that mean], so that no second pass over x is needed. The means are counted
 * from the channel's value in the first row: near 0 they are rounded less.
 */
const moments = (x: TensorInfo, epsilon: number): Reduction => ({
  name: 'batch norm, moments',
  inputs: [],
  inBoth: [{ name: 'x', tensor: x }],
  uniforms: { epsilon: { f32: epsilon } },
  type: 'vec3<f32>',
  part: `fn part(row: i32, i: i32, channel: i32) -> vec3<f32> { return vec3<f32>(1f, x[i] - x[channel], 0f); }`,
  merge: `
fn merge(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
  let n = a.x + b.x;
  let share = b.x / max(n, 1f);
  let apart = b.y - a.y;
  return vec3<f32>(n, a.y + apart * share, a.z + b.z + apart * apart * a.x * share);
}`,
  between: {
    outputs: ['means', 'squares'],
    write: 'means[to] = total.y; squares[to] = total.z;',
    part: `
fn part(row: i32, i: i32, channel: i32) -> vec3<f32> {
  let count = min(f32(u.chunk), u.n - f32(row) * f32(u.chunk));
  return vec3<f32>(count, means[i], squares[i]);
}`,
  },
  results: {
    outputs: ['mean', 'variance', 'inverse'],
    write: `
    let spread = total.z / u.n;
    mean[to] = x[channel] + total.y;
    variance[to] = spread;
    inverse[to] = 1f / sqrt(spread + u.epsilon);`,
  },
});

/** Besides the contract's results it gives 1 / sqrt(variance + epsilon). */
function train(
  backend: WebgpuBackend,
  { x, scale, offset, residual }: TrainInputs,
  { epsilon, relu }: { epsilon: number; relu: boolean },
): TensorInfo[] {
  const matrix = matrixOf(x);
  const [mean, variance, inverse] = reduceRows(backend, matrix, moments(x, epsilon));
  const inputs: Binding[] = [
    { name: 'x', tensor: x },
    { name: 'mean', tensor: mean! },
    { name: 'inverse', tensor: inverse! },
    { name: 'scale', tensor: scale },
    { name: 'offset', tensor: offset },
    ...(residual ? [{ name: 'residual', tensor: residual }] : []),
  ];
  const [y] = eachElement(backend, matrix, {
    name: 'batch norm',
    inputs,
    outputs: { y: x.shape },
    ofChannel: `
  let centre = mean[channel];
  let factor = inverse[channel] * scale[channel];
  let start0 = offset[channel];`,
    // NaN is not below 0, so that it stays.
    ofElement: `
    let z = (x[i] - centre) * factor + start0${residual ? ' + residual[i]' : ''};
    y[i] = ${relu ? 'select(z, 0f, z < 0f)' : 'z'};`,
  });
  return [y!, mean!, variance!, inverse!];
}

interface GradientInputs {
  readonly dy: TensorInfo;
  readonly x: TensorInfo;
  readonly y: TensorInfo;
  readonly scale: TensorInfo;
  readonly mean: TensorInfo;
  /** The inverse root of `train`. */
  readonly kept0: TensorInfo;
}

/**
 * dz is dy where ReLU let it through. The first pass writes it, and the last reads it in the place of dy and y: that is
 * no more traffic, and it is the residual's gradient. No kernel needs more than the 8 buffers that every device has.
 */
function gradient(
  backend: WebgpuBackend,
  { dy, x, y, scale, mean, kept0 }: GradientInputs,
  { relu, residual }: { relu: boolean; residual: boolean },
): TensorInfo[] {
  const matrix = matrixOf(x);
  const normalizing: Binding[] = [
    { name: 'x', tensor: x },
    { name: 'mean', tensor: mean },
    { name: 'inverse', tensor: kept0 },
  ];
  const [dscale, doffset, masked] = sumRows(backend, matrix, {
    name: 'batch norm gradient, sums',
    inputs: [{ name: 'dy', tensor: dy }, ...(relu ? [{ name: 'y', tensor: y }] : []), ...normalizing],
    sums: ['dscale', 'doffset'],
    ...(relu ? { besides: { dz: x.shape } } : {}),
    part: `
fn part(row: i32, i: i32, channel: i32) -> vec2<f32> {
  ${relu ? 'let d = select(0f, dy[i], y[i] > 0f); dz[i] = d;' : 'let d = dy[i];'}
  return vec2<f32>(d * (x[i] - mean[channel]) * inverse[channel], d);
}`,
  });
  const dz = masked ?? alias(backend, dy);
  const [dx] = eachElement(backend, matrix, {
    name: 'batch norm gradient',
    inputs: [
      { name: 'dz', tensor: dz },
      ...normalizing,
      { name: 'scale', tensor: scale },
      { name: 'dscale', tensor: dscale! },
      { name: 'doffset', tensor: doffset! },
    ],
    outputs: { dx: x.shape },
    ofChannel: `
  let centre = mean[channel];
  let root = inverse[channel];
  let factor = scale[channel] * root;
  let slope = dscale[channel] / f32(u.rows);
  let level = doffset[channel] / f32(u.rows);`,
    ofElement: `dx[i] = factor * (dz[i] - level - (x[i] - centre) * root * slope);`,
  });
  if (residual) return [dx!, dscale!, doffset!, dz];
  backend.disposeData(dz.dataId);
  return [dx!, dscale!, doffset!];
}

export function registerBatchNorm(): void {
  register<TrainInputs, { epsilon: number; relu: boolean }>(BatchNormTrain, ({ inputs, attrs, backend }) =>
    train(backend, inputs, attrs),
  );
  register<GradientInputs, { relu: boolean; residual: boolean }>(
    BatchNormTrainGrad,
    ({ inputs, attrs, backend }) => gradient(backend, inputs, attrs),
  );
}
