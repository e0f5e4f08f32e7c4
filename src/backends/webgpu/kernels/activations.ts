/** Gradients of ReLU and of a bias before it, and GELU with its gradient. */
import { util, type TensorInfo } from '../../tfjs.js';
import { BiasReluGrad, Gelu, GeluGrad, ReluGrad } from '../../kernels.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { dispatch, eachValue, flat, type Binding } from '../dispatch.js';
import { matrixOf, sumRows } from './columns.js';
import { alias, register } from './register.js';

/** A kernel that gives one value for each of the inputs, all of one shape. `wgsl` may use `i` and gives the value. */
function elementwise(
  backend: WebgpuBackend,
  of: {
    readonly name: string;
    readonly inputs: Readonly<Record<string, TensorInfo>>;
    readonly value: string;
  },
  functions = '',
): TensorInfo {
  const inputs = Object.entries(of.inputs).map(([name, tensor]): Binding => ({ name, tensor }));
  const { shape } = inputs[0]!.tensor;
  const size = util.sizeFromShape(shape);
  const [out] = dispatch(backend, {
    name: of.name,
    inputs,
    outputs: { out: shape },
    uniforms: { size: { i32: size } },
    wgsl: functions + eachValue(`  out[i] = ${of.value};`),
    workgroups: flat(backend, size),
  });
  return out!;
}

function biasReluGradient(
  backend: WebgpuBackend,
  { dy, y }: { dy: TensorInfo; y: TensorInfo },
  { relu }: { relu: boolean },
): TensorInfo[] {
  const [dbias, dz] = sumRows(backend, matrixOf(dy), {
    name: 'bias gradient',
    inputs: [{ name: 'dy', tensor: dy }, ...(relu ? [{ name: 'y', tensor: y }] : [])],
    sums: ['dbias'],
    ...(relu ? { besides: { dz: dy.shape } } : {}),
    part: relu
      ? `
fn part(row: i32, i: i32, channel: i32) -> f32 {
  let d = select(0f, dy[i], y[i] > 0f);
  dz[i] = d;
  return d;
}`
      : 'fn part(row: i32, i: i32, channel: i32) -> f32 { return dy[i]; }',
  });
  return [dz ?? alias(backend, dy), dbias!];
}

/**
 * (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), which has no cancellation for u below 0. Devices may compute exp or tanh of
 * large numbers as NaN, so u ends at -40, where the value is 1e-35.
 */
const GELU = `
const ROOT = ${Math.sqrt(2 / Math.PI)}f;
const CUBIC = 0.044715f;
fn share(x: f32) -> f32 {
  let u = ROOT * x * (1f + CUBIC * x * x);
  return 1f / (1f + exp(-2f * clamp(u, -40f, 40f)));
}
fn slope(x: f32) -> f32 {
  let s = share(x);
  return s + 2f * x * s * (1f - s) * ROOT * (1f + 3f * CUBIC * x * x);
}
`;

export function registerActivations(): void {
  register<{ dy: TensorInfo; y: TensorInfo }, { relu: boolean }>(BiasReluGrad, ({ inputs, attrs, backend }) =>
    biasReluGradient(backend, inputs, attrs),
  );
  register<{ dy: TensorInfo; y: TensorInfo }, object>(ReluGrad, ({ inputs: { dy, y }, backend }) =>
    elementwise(backend, { name: 'ReLU gradient', inputs: { dy, y }, value: 'select(0f, dy[i], y[i] > 0f)' }),
  );
  register<{ x: TensorInfo }, object>(Gelu, ({ inputs: { x }, backend }) =>
    elementwise(backend, { name: 'GELU', inputs: { x }, value: 'x[i] * share(x[i])' }, GELU),
  );
  register<{ dy: TensorInfo; x: TensorInfo }, object>(GeluGrad, ({ inputs: { dy, x }, backend }) =>
    elementwise(backend, { name: 'GELU gradient', inputs: { dy, x }, value: 'dy[i] * slope(x[i])' }, GELU),
  );
}
