/**
 * Kernels that work on each row of a matrix [rows, channels] by itself. Some neighbouring threads of a workgroup share a
 * row: they take its elements in turn, so that neighbours read neighbours, and add up in a tree.
 */
import type { TensorInfo } from '../../tfjs.js';
import { dispatch, spread, type Kernel } from '../dispatch.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { TILES } from '../tiles.js';
import { powerOfTwo, type Matrix } from './columns.js';

export interface RowKernel extends Pick<Kernel, 'name' | 'inputs' | 'outputs' | 'uniforms'> {
  /**
   * WGSL of a thread. It has `row`, its `lane` among the threads of the row, and `isRow`: whether there is such a row. The
   * row's elements are at `start` to before `end`; `eachOf` loops over those of the thread. All threads must call
   * `sumOf` and `maxOf`, which give the sum and the maximum of the values of a row's threads.
   */
  readonly wgsl: string;
  /** WGSL that it calls. */
  readonly functions?: string;
}

/** A loop over the elements of a row that belong to a thread: `i` is the place of one, `channel` its channel. */
export const eachOf = (body: string): string => `
  for (var channel = lane; channel < end; channel += LANES) {
    let i = start + channel;
    ${body}
  }`;

/**
 * WGSL: a function that merges the values of `lanes` neighbouring threads, which all call it and all get the result. Needs
 * `values`, a value of each thread of the workgroup in its memory.
 */
export const tree = (name: string, lanes: number, merged: string): string => `
fn ${name}(value: f32, place: u32, lane: i32) -> f32 {
  workgroupBarrier();
  values[place] = value;
  for (var half = ${Math.floor(lanes / 2)}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (u32(lane) < half) {
      let a = values[place];
      let b = values[place + half];
      values[place] = ${merged};
    }
  }
  workgroupBarrier();
  return values[place - u32(lane)];
}`;

export function eachRow(
  backend: WebgpuBackend,
  { rows, channels }: Matrix,
  { wgsl, functions = '', ...kernel }: RowKernel,
): TensorInfo[] {
  const { threads, each } = TILES.rows;
  const lanes = Math.min(threads, powerOfTwo(Math.ceil(channels / each)));
  const together = threads / lanes;
  const [x, y] = spread(Math.ceil(rows / together), backend.device.limits.maxComputeWorkgroupsPerDimension);
  return dispatch(backend, {
    ...kernel,
    uniforms: { rows: { i32: rows }, channels: { i32: channels }, ...kernel.uniforms },
    workgroups: [x, y, 1],
    wgsl: `
${functions}
const LANES = ${lanes};
var<workgroup> values: array<f32, ${threads}>;
${tree('sumOf', lanes, 'a + b')}
${tree('maxOf', lanes, 'max(a, b)')}
@compute @workgroup_size(${lanes}, ${together})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>) {
  let row = i32((group.y * groups.x + group.x) * ${together}u + local.y);
  let isRow = row < u.rows;
  let place = local.y * ${lanes}u + local.x;
  let lane = i32(local.x);
  let start = row * u.channels;
  let end = select(0, u.channels, isRow);
${wgsl}
}`,
  });
}
