/** The sum of a product's slices. */
import type { WebgpuBackend } from '../tfjsBackend.js';
import { dispatch, type Binding } from '../dispatch.js';
import { sumLanes, sumThreads } from '../tiles.js';
import type { TensorInfo } from '../../tfjs.js';

export interface Sum {
  /** [count, ...]: slices of a product. */
  readonly slices: TensorInfo;
  readonly count: number;
  readonly shape: readonly number[];
  readonly cols: number;
  readonly finish?: string;
  readonly inputs?: readonly Binding[];
}

/**
 * The sum of slices, always in the same order: the same bits each time. It disposes of the slices.
 *
 * A workgroup has `lanes` threads for each value. Each adds up every `lanes`-th slice, and the first one their sums.
 */
export function sumSlices(backend: WebgpuBackend, sum: Sum): TensorInfo {
  const { slices, count, shape, cols, finish = 'return value;', inputs = [] } = sum;
  const lanes = count > sumLanes ? sumLanes : 1;
  const values = sumThreads / lanes;
  const size = shape.reduce((product, n) => product * n, 1);
  const groups = Math.ceil(size / values);
  const across = Math.min(groups, backend.device.limits.maxComputeWorkgroupsPerDimension);
  const wgsl = `
var<workgroup> sums: array<f32, ${sumThreads}>;
fn finish(value: f32, col: i32) -> f32 { ${finish} }
@compute @workgroup_size(${sumThreads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let local = i32(thread);
  let i = i32(group.y * groups.x + group.x) * ${values} + local % ${values};
  let lane = local / ${values};
  var sum = 0f;
  if (i < u.size) {
    for (var slice = lane; slice < u.count; slice += ${lanes}) { sum += slices[slice * u.size + i]; }
  }
  sums[local] = sum;
  workgroupBarrier();
  if (lane > 0 || i >= u.size) { return; }
  for (var other = 1; other < ${lanes}; other++) { sum += sums[other * ${values} + local]; }
  y[i] = finish(sum, i % u.cols);
}`;
  const [result] = dispatch(backend, {
    name: 'sumSlices',
    outputs: { y: shape },
    inputs: [{ name: 'slices', tensor: slices }, ...inputs],
    uniforms: { size: { i32: size }, count: { i32: count }, cols: { i32: cols } },
    wgsl,
    workgroups: [across, Math.ceil(groups / across), 1],
  });
  backend.disposeData(slices.dataId);
  return result!;
}
