/** Layer normalisation and its gradient (nn/layerNorm.ts is the specification). */
import type { TensorInfo } from '../../tfjs.js';
import { LayerNorm, LayerNormGrad } from '../../kernels.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { matrixOf, sumRows } from './columns.js';
import { register } from './register.js';
import { eachOf, eachRow } from './rows.js';

interface NormInputs {
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly offset: TensorInfo;
}

/** The variance comes from a second pass around the mean; a row is in the cache by then. */
function layerNorm(
  backend: WebgpuBackend,
  { x, scale, offset }: NormInputs,
  { epsilon }: { epsilon: number },
): TensorInfo[] {
  const matrix = matrixOf(x);
  return eachRow(backend, matrix, {
    name: 'layer norm',
    inputs: [
      { name: 'x', tensor: x },
      { name: 'scale', tensor: scale },
      { name: 'offset', tensor: offset },
    ],
    outputs: { y: x.shape, mean: [matrix.rows], inverse: [matrix.rows] },
    uniforms: { epsilon: { f32: epsilon } },
    wgsl: `
  var sum = 0f;
  ${eachOf('sum += x[i];')}
  let centre = sumOf(sum, place, lane) / f32(u.channels);
  var squares = 0f;
  ${eachOf('squares += (x[i] - centre) * (x[i] - centre);')}
  let root = 1f / sqrt(sumOf(squares, place, lane) / f32(u.channels) + u.epsilon);
  ${eachOf('y[i] = (x[i] - centre) * root * scale[channel] + offset[channel];')}
  if (isRow && lane == 0) {
    mean[row] = centre;
    inverse[row] = root;
  }`,
  });
}

interface GradientInputs {
  readonly dy: TensorInfo;
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly mean: TensorInfo;
  readonly inverse: TensorInfo;
}

function gradient(backend: WebgpuBackend, { dy, x, scale, mean, inverse }: GradientInputs): TensorInfo[] {
  const matrix = matrixOf(x);
  const inputs = [
    { name: 'dy', tensor: dy },
    { name: 'x', tensor: x },
    { name: 'mean', tensor: mean },
    { name: 'inverse', tensor: inverse },
  ];
  const [dx] = eachRow(backend, matrix, {
    name: 'layer norm gradient',
    inputs: [...inputs, { name: 'scale', tensor: scale }],
    outputs: { dx: x.shape },
    wgsl: `
  let centre = select(0f, mean[row], isRow);
  let root = select(0f, inverse[row], isRow);
  var sum = 0f;
  var product = 0f;
  ${eachOf(`
    let d = dy[i] * scale[channel];
    sum += d;
    product += d * (x[i] - centre) * root;`)}
  let level = sumOf(sum, place, lane) / f32(u.channels);
  let along = sumOf(product, place, lane) / f32(u.channels);
  ${eachOf(`
    let d = dy[i] * scale[channel];
    dx[i] = root * (d - level - (x[i] - centre) * root * along);`)}`,
  });
  const [dscale, doffset] = sumRows(backend, matrix, {
    name: 'layer norm gradient, sums',
    inputs,
    sums: ['dscale', 'doffset'],
    part: `
fn part(row: i32, i: i32, channel: i32) -> vec2<f32> {
  return vec2<f32>(dy[i] * (x[i] - mean[row]) * inverse[row], dy[i]);
}`,
  });
  return [dx!, dscale!, doffset!];
}

export function registerLayerNorm(): void {
  register<NormInputs, { epsilon: number }>(LayerNorm, ({ inputs, attrs, backend }) =>
    layerNorm(backend, inputs, attrs),
  );
  register<GradientInputs, object>(LayerNormGrad, ({ inputs, backend }) => gradient(backend, inputs));
}
