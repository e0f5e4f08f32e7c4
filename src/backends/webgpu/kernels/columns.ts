/**
 * Kernels over the rows of a matrix [rows, channels], row-major, as most tensors here are: [b, h, w, c] has b h w rows.
 * Neighbouring threads have neighbouring channels, and a workgroup has several rows at a time and a part of all rows.
 *
 * A reduction gives each channel one value of all rows, in an order that the shape alone decides: each thread its rows, then a
 * tree over the threads of a workgroup, then, where several workgroups share a channel, a second pass over their values.
 */
import type { TensorInfo } from '../../tfjs.js';
import { dispatch, spread, type Binding, type Kernel, type Uniforms } from '../dispatch.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { TILES } from '../tiles.js';

/** A tensor as a matrix. */
export interface Matrix {
  readonly rows: number;
  readonly channels: number;
}

/** x [..., c] as the matrix [n, c]. */
export function matrixOf({ shape }: TensorInfo): Matrix {
  const channels = shape.at(-1) ?? 1;
  return { rows: shape.reduce((product, size) => product * size, 1) / channels, channels };
}

/** How a matrix is dealt out to workgroups. */
export interface Tile {
  readonly threads: number;
  readonly widest: number;
  readonly rows: number;
  readonly groups: number;
}

interface Dealt {
  /** Channels of a workgroup, side by side; a power of two. */
  readonly width: number;
  /** Its rows at a time. */
  readonly lanes: number;
  /** Workgroups that share a channel, and how many rows each has. */
  readonly chunks: number;
  readonly rowsOfChunk: number;
  /** Workgroups side by side. */
  readonly blocks: number;
}

/** The least power of two that is no less than n. */
export const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)));

function deal({ rows, channels }: Matrix, tile: Tile): Dealt {
  const width = Math.min(powerOfTwo(channels), tile.widest);
  const lanes = tile.threads / width;
  const blocks = Math.ceil(channels / width);
  const wanted = Math.min(Math.floor(tile.groups / blocks), Math.ceil(rows / (lanes * tile.rows)));
  const rowsOfChunk = Math.ceil(rows / Math.max(1, wanted));
  return { width, lanes, blocks, rowsOfChunk, chunks: Math.max(1, Math.ceil(rows / rowsOfChunk)) };
}

/**
 * The beginning of a kernel over a matrix. Its thread has `channel` and the rows from `first`, lanes apart, to before
 * `end`; none, if there are fewer channels.
 */
const head = ({ width, lanes }: Dealt): string => `
@compute @workgroup_size(${width}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>) {
  let channel = i32((group.z * groups.x + group.x) * ${width}u + local.x);
  let start = i32(group.y) * u.rowsOfChunk;
  let end = select(0, min(start + u.rowsOfChunk, u.rows), channel < u.channels);
  let first = start + i32(local.y);`;

const shared = ({ rows, channels }: Matrix, { rowsOfChunk }: Dealt): Uniforms => ({
  rows: { i32: rows },
  channels: { i32: channels },
  rowsOfChunk: { i32: rowsOfChunk },
});

function workgroupsOf(backend: WebgpuBackend, { blocks, chunks }: Dealt): Kernel['workgroups'] {
  const [x, z] = spread(blocks, backend.device.limits.maxComputeWorkgroupsPerDimension);
  return [x, chunks, z];
}

type Given = Pick<Kernel, 'name' | 'inputs'> & { readonly uniforms?: Uniforms };

/** What is computed of each element on its own. */
export interface Elementwise extends Given {
  readonly outputs: Kernel['outputs'];
  /** WGSL: what a thread reads once, of its `channel`. */
  readonly ofChannel: string;
  /** WGSL: writes the outputs at `i`, the place of the element. */
  readonly ofElement: string;
}

/** A kernel that writes matrices, element by element. */
export function eachElement(backend: WebgpuBackend, matrix: Matrix, of: Elementwise): TensorInfo[] {
  const dealt = deal(matrix, TILES.apply);
  return dispatch(backend, {
    ...of,
    uniforms: { ...shared(matrix, dealt), ...of.uniforms },
    workgroups: workgroupsOf(backend, dealt),
    wgsl: `${head(dealt)}
  if (first >= end) { return; }
  ${of.ofChannel}
  for (var row = first; row < end; row += ${dealt.lanes}) {
    let i = row * u.channels + channel;
    ${of.ofElement}
  }
}`,
  });
}

/** How the values of channels are kept: the names of the outputs, and WGSL that writes `total` to their place `to`. */
export interface Kept {
  readonly outputs: readonly string[];
  readonly write: string;
}

/** One value of all rows for each channel. The functions of `wgsl` may use `u.n`, the number of rows as f32. */
export interface Reduction extends Given {
  readonly type: 'f32' | 'vec2<f32>' | 'vec3<f32>';
  /**
   * WGSL: `fn part(row: i32, i: i32, channel: i32) -> T`, the value of the element at the place i. It may write to the
   * matrices of `besides`.
   */
  readonly part: string;
  /** WGSL: `fn merge(a: T, b: T) -> T`, the value of all that a and b are values of. T() is the value of nothing. */
  readonly merge: string;
  readonly besides?: Kernel['outputs'];
  /** Inputs of the second pass, too, which has not those of `inputs`. */
  readonly inBoth?: readonly Binding[];
  readonly results: Kept;
  /** How workgroups that share a channel leave their values to the second pass, and the `part` that reads them there. */
  readonly between: Kept & { readonly part: string };
}

/** Rows that a thread asks for before it needs the first. */
const AT_ONCE = 4;

/** A tree over values. */
function mergeAll(values: readonly string[]): string {
  if (values.length === 1) return values[0]!;
  const half = values.length / 2;
  return `merge(${mergeAll(values.slice(0, half))}, ${mergeAll(values.slice(half))})`;
}

function reductionCode({ type, part, merge }: Reduction, { write }: Kept, dealt: Dealt): string {
  const { width, lanes } = dealt;
  const of = (row: string) => `part(${row}, (${row}) * u.channels + channel, channel)`;
  const ahead = Array.from({ length: AT_ONCE }, (_, k) => `row + ${k * lanes}`);
  const values = ahead.map((_, k) => `v${k}`);
  return `
${part}
${merge}
var<workgroup> values: array<${type}, ${width * lanes}>;
${head(dealt)}
  var total = ${type}();
  var row = first;
  for (; ${ahead.at(-1)!} < end; row += ${AT_ONCE * lanes}) {
${ahead.map((at, k) => `    let v${k} = ${of(at)};`).join('\n')}
    total = merge(total, ${mergeAll(values)});
  }
  for (; row < end; row += ${lanes}) { total = merge(total, ${of('row')}); }
  let place = local.y * ${width}u + local.x;
  values[place] = total;
  for (var half = ${Math.floor(lanes / 2)}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local.y < half) {
      total = merge(total, values[place + half * ${width}u]);
      values[place] = total;
    }
  }
  if (local.y == 0u && channel < u.channels) {
    let to = i32(group.y) * u.channels + channel;
    ${write}
  }
}`;
}

/** One pass: a value of each channel for each chunk of rows, then the matrices of `besides`. */
function reduceOnce(
  backend: WebgpuBackend,
  matrix: Matrix,
  of: Reduction,
  dealt: Dealt,
  kept: Kept,
): TensorInfo[] {
  const shape = dealt.chunks === 1 ? [matrix.channels] : [dealt.chunks, matrix.channels];
  return dispatch(backend, {
    name: of.name,
    inputs: [...of.inputs, ...(of.inBoth ?? [])],
    outputs: { ...Object.fromEntries(kept.outputs.map((name) => [name, shape])), ...of.besides },
    uniforms: { ...shared(matrix, dealt), ...of.uniforms },
    workgroups: workgroupsOf(backend, dealt),
    wgsl: reductionCode(of, kept, dealt),
  });
}

/** Reduces the rows of a matrix: first come the results, each [channels], then the matrices of `besides`. */
export function reduceRows(
  backend: WebgpuBackend,
  matrix: Matrix,
  given: Reduction,
  tile: Tile = TILES.sums,
): TensorInfo[] {
  const of = { ...given, uniforms: { n: { f32: matrix.rows }, ...given.uniforms } };
  const dealt = deal(matrix, tile);
  if (dealt.chunks === 1) return reduceOnce(backend, matrix, of, dealt, of.results);
  const kept = reduceOnce(backend, matrix, of, dealt, of.between);
  const besides = kept.splice(of.between.outputs.length);
  const chunks = { rows: dealt.chunks, channels: matrix.channels };
  const second: Reduction = {
    ...of,
    inputs: of.between.outputs.map((name, i): Binding => ({ name, tensor: kept[i]! })),
    besides: {},
    part: of.between.part,
    uniforms: { ...of.uniforms, chunk: { i32: dealt.rowsOfChunk } },
  };
  const results = reduceOnce(backend, chunks, second, deal(chunks, TILES.finish), of.results);
  for (const { dataId } of kept) backend.disposeData(dataId);
  return [...results, ...besides];
}

/** Sums of all rows for each channel, one or two. */
export interface Sums extends Given {
  /** Their names. */
  readonly sums: readonly [string] | readonly [string, string];
  /** WGSL: `fn part(row: i32, i: i32, channel: i32) -> f32`, or `vec2<f32>` where there are two. */
  readonly part: string;
  readonly besides?: Kernel['outputs'];
  /** What the sums are multiplied by in the end; absent: 1. */
  readonly factor?: number;
}

/** As `reduceRows`. */
export function sumRows(
  backend: WebgpuBackend,
  matrix: Matrix,
  { sums, factor = 1, ...of }: Sums,
  tile?: Tile,
): TensorInfo[] {
  const type = sums.length === 1 ? 'f32' : 'vec2<f32>';
  const fields = sums.length === 1 ? ['total'] : ['total.x', 'total.y'];
  const parts = sums.map((_, k) => `part${k}`);
  const write = (names: readonly string[], times: string) =>
    names.map((name, k) => `${name}[to] = ${fields[k]!}${times};`).join(' ');
  const reduction: Reduction = {
    ...of,
    type,
    merge: `fn merge(a: ${type}, b: ${type}) -> ${type} { return a + b; }`,
    uniforms: { ...of.uniforms, factor: { f32: factor } },
    results: { outputs: sums, write: write(sums, ' * u.factor') },
    between: {
      outputs: parts,
      write: write(parts, ''),
      part: `fn part(row: i32, i: i32, channel: i32) -> ${type} {
  return ${type}(${parts.map((name) => `${name}[i]`).join(', ')});
}`,
    },
  };
  return reduceRows(backend, matrix, reduction, tile);
}
