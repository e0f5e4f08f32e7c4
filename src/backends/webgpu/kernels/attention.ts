/** Scaled dot-product attention and its gradient (nn/attention.ts is the specification). */
import { util, type TensorInfo } from '../../tfjs.js';
import { Attention, AttentionGrad } from '../../kernels.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { dispatch, eachValue, flat, spread, type Uniforms } from '../dispatch.js';
import { TILES } from '../tiles.js';
import { NOT_A_NUMBER } from './notANumber.js';
import { register } from './register.js';
import { tree } from './rows.js';

interface Attrs {
  readonly heads: number;
  readonly causal: boolean;
}

/** The sizes of qkv [b, t, 3 d], as the kernels call them: `width` is d. */
function uniformsOf({ shape }: TensorInfo, { heads, causal }: Attrs): Uniforms {
  const [b, t, triple] = shape as [number, number, number];
  const width = triple / 3;
  return {
    t: { i32: t },
    width: { i32: width },
    heads: { i32: heads },
    headSize: { i32: width / heads },
    pairs: { i32: b * heads },
    causal: { i32: causal ? 1 : 0 },
    scale: { f32: 1 / Math.sqrt(width / heads) },
    nan: { f32: NaN },
  };
}

/** WGSL: how many keys a query sees. */
const SEEN = 'fn seen(query: i32) -> i32 { return select(u.t, query + 1, u.causal == 1); }';

/**
 * Products of all queries of a head with all keys, block by block through the workgroup's memory, and then work on each
 * query's row of [b, heads, t, t]. A thread comes back to those places of the row that it wrote itself.
 * @param product WGSL: writes `dot` to the place `row + key`
 * @param finish WGSL, with `row`, `query`, `lane`, `place` as in rows.ts, and `end`: keys of the row, 0 if there is no row
 */
function productCode(of: { left: string; right: string; product: string; finish: string }): string {
  const { side } = TILES.attention;
  return `
${NOT_A_NUMBER}
${SEEN}
const SIDE = ${side};
var<workgroup> values: array<f32, ${side * side}>;
var<workgroup> lefts: array<f32, ${side * side}>;
// Rows of one more, so that the threads of a row, which read a column, read from different banks.
var<workgroup> rights: array<f32, ${side * (side + 1)}>;
${tree('sumOf', side, 'a + b')}
${tree('maxOf', side, 'max(a, b)')}
@compute @workgroup_size(${side}, ${side})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>) {
  let blocks = (u.t + SIDE - 1) / SIDE;
  let block = i32(group.y * groups.x + group.x);
  let pair = block / blocks;
  let batch = pair / u.heads;
  let lane = i32(local.x);
  let line = i32(local.y);
  let place = local.y * ${side}u + local.x;
  let query = (block % blocks) * SIDE + line;
  let isRow = pair < u.pairs && query < u.t;
  let end = select(0, u.t, isRow);
  let row = (pair * u.t + query) * u.t;
  let last = min(u.t, seen((block % blocks) * SIDE + SIDE - 1));
  for (var base = 0; base < last; base += SIDE) {
    var dot = 0f;
    for (var k = 0; k < u.headSize; k += SIDE) {
      let channel = (pair % u.heads) * u.headSize + k + lane;
      let isChannel = k + lane < u.headSize;
      let first = batch * u.t + query;
      let second = batch * u.t + base + line;
      workgroupBarrier();
      lefts[place] = select(0f, ${of.left}, isChannel && isRow);
      rights[line * (SIDE + 1) + lane] = select(0f, ${of.right}, isChannel && base + line < u.t);
      workgroupBarrier();
      for (var j = 0; j < SIDE; j++) { dot += lefts[line * SIDE + j] * rights[lane * (SIDE + 1) + j]; }
    }
    let key = base + lane;
    if (key < end) { ${of.product} }
  }
${of.finish}
}`;
}

function workgroupsOf(backend: WebgpuBackend, [b, t]: readonly number[], heads: number) {
  const blocks = b! * heads * Math.ceil(t! / TILES.attention.side);
  const [x, y] = spread(blocks, backend.device.limits.maxComputeWorkgroupsPerDimension);
  return [x, y, 1] as const;
}

function attention(backend: WebgpuBackend, { qkv }: { qkv: TensorInfo }, attrs: Attrs): TensorInfo[] {
  const [b, t, triple] = qkv.shape as [number, number, number];
  const uniforms = uniformsOf(qkv, attrs);
  const [weights] = dispatch(backend, {
    name: 'attention, weights',
    inputs: [{ name: 'qkv', tensor: qkv }],
    outputs: { weights: [b, attrs.heads, t, t] },
    uniforms,
    workgroups: workgroupsOf(backend, qkv.shape, attrs.heads),
    wgsl: productCode({
      left: 'qkv[first * 3 * u.width + channel]',
      right: 'qkv[second * 3 * u.width + u.width + channel]',
      product: 'weights[row + key] = dot * u.scale;',
      finish: `
  let before = min(end, seen(query));
  var most = -3.4e38f;
  for (var key = lane; key < before; key += SIDE) { most = max(most, weights[row + key]); }
  let top = maxOf(most, place, lane);
  var sum = 0f;
  for (var key = lane; key < before; key += SIDE) {
    let share = expOf(weights[row + key] - top);
    weights[row + key] = share;
    sum += share;
  }
  let total = sumOf(sum, place, lane);
  for (var key = lane; key < end; key += SIDE) {
    weights[row + key] = select(0f, weights[row + key] / total, key < before);
  }`,
    }),
  });
  const shape = [b, t, triple / 3];
  const [y] = dispatch(backend, {
    name: 'attention',
    inputs: [
      { name: 'qkv', tensor: qkv },
      { name: 'weights', tensor: weights! },
    ],
    outputs: { y: shape },
    uniforms: { ...uniforms, size: { i32: util.sizeFromShape(shape) } },
    workgroups: flat(backend, util.sizeFromShape(shape)),
    wgsl: `
${SEEN}
${eachValue(`
  let channel = i % u.width;
  let query = (i / u.width) % u.t;
  let batch = i / (u.width * u.t);
  let row = ((batch * u.heads + channel / u.headSize) * u.t + query) * u.t;
  var sum = 0f;
  for (var key = 0; key < seen(query); key++) {
    sum += weights[row + key] * qkv[((batch * u.t + key) * 3 + 2) * u.width + channel];
  }
  y[i] = sum;`)}`,
  });
  return [y!, weights!];
}

interface GradientInputs {
  readonly dy: TensorInfo;
  readonly qkv: TensorInfo;
  readonly weights: TensorInfo;
}

/** First the gradient by the scores, as large as the weights; then each value of dqkv is one sum over positions. */
function gradient(backend: WebgpuBackend, { dy, qkv, weights }: GradientInputs, attrs: Attrs): TensorInfo {
  const uniforms = uniformsOf(qkv, attrs);
  const inputs = [
    { name: 'dy', tensor: dy },
    { name: 'qkv', tensor: qkv },
    { name: 'weights', tensor: weights },
  ];
  const [dscores] = dispatch(backend, {
    name: 'attention gradient, scores',
    inputs,
    outputs: { dscores: weights.shape },
    uniforms,
    workgroups: workgroupsOf(backend, qkv.shape, attrs.heads),
    wgsl: productCode({
      left: 'dy[first * u.width + channel]',
      right: 'qkv[(second * 3 + 2) * u.width + channel]',
      product: 'dscores[row + key] = dot;',
      finish: `
  let before = min(end, seen(query));
  var sum = 0f;
  for (var key = lane; key < before; key += SIDE) { sum += dscores[row + key] * weights[row + key]; }
  let along = sumOf(sum, place, lane);
  for (var key = lane; key < end; key += SIDE) {
    dscores[row + key] = select(0f, weights[row + key] * (dscores[row + key] - along) * u.scale, key < before);
  }`,
    }),
  });
  const total = util.sizeFromShape(qkv.shape);
  const [dqkv] = dispatch(backend, {
    name: 'attention gradient',
    inputs: [...inputs, { name: 'dscores', tensor: dscores! }],
    outputs: { dqkv: qkv.shape },
    uniforms: { ...uniforms, size: { i32: total } },
    workgroups: flat(backend, total),
    wgsl: `
${SEEN}
${eachValue(`
  let channel = i % u.width;
  let third = (i / u.width) % 3;
  let position = (i / (3 * u.width)) % u.t;
  let start = i / (3 * u.width) - position;
  let head = (start / u.t * u.heads + channel / u.headSize) * u.t * u.t;
  var sum = 0f;
  if (third == 0) {
    for (var key = 0; key < seen(position); key++) {
      sum += dscores[head + position * u.t + key] * qkv[((start + key) * 3 + 1) * u.width + channel];
    }
  } else {
    for (var query = select(0, position, u.causal == 1); query < u.t; query++) {
      let place = head + query * u.t + position;
      if (third == 1) {
        sum += dscores[place] * qkv[(start + query) * 3 * u.width + channel];
      } else {
        sum += weights[place] * dy[(start + query) * u.width + channel];
      }
    }
  }
  dqkv[i] = sum;`)}`,
  });
  backend.disposeData(dscores!.dataId);
  return dqkv!;
}

export function registerAttention(): void {
  register<{ qkv: TensorInfo }, Attrs>(Attention, ({ inputs, attrs, backend }) =>
    attention(backend, inputs, attrs),
  );
  register<GradientInputs, Attrs>(AttentionGrad, ({ inputs, attrs, backend }) =>
    gradient(backend, inputs, attrs),
  );
}
