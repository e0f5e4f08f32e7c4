/**
 * Running a kernel of our own. tfjs's programs have one output; ours have several, in one pass over memory. They go into
 * the same command buffer as tfjs's, through tfjsBackend.ts.
 */
import { env, util, type TensorInfo } from '../tfjs.js';
import { internalsOf, type Internals, type WebgpuBackend } from './tfjsBackend.js';

/** A buffer of a kernel, by the name that its code calls it. */
export interface Binding {
  readonly name: string;
  readonly tensor: TensorInfo;
  /** Whether the code sees an array of vec4<f32>: four values in one read. The tensor must have a multiple of 4. */
  readonly isVector?: boolean;
}

/** Numbers that the code calls `u.<name>`. They do not make another shader. */
export type Uniforms = Readonly<Record<string, { readonly i32: number } | { readonly f32: number }>>;

export interface Kernel {
  /** For error messages and profilers. */
  readonly name: string;
  /** Fresh tensors by their names, float32; the code must write all of their values. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  readonly inputs: readonly Binding[];
  readonly uniforms?: Uniforms;
  /**
   * WGSL: functions, shared memory, and `@compute @workgroup_size(...) fn main(...)`. The buffers are arrays of f32 or
   * i32 of the tensors' values in their order, or of vec4<f32> where a binding says so.
   */
  readonly wgsl: string;
  readonly workgroups: readonly [number, number, number];
}

/** Runs a kernel; its outputs come in the order of `outputs`. */
export function dispatch(backend: WebgpuBackend, kernel: Kernel): TensorInfo[] {
  const internals = internalsOf(backend);
  const { outputs, uniforms = {}, workgroups } = kernel;
  const made = Object.entries(outputs).map(([name, shape]) => ({
    name,
    tensor: backend.makeTensorInfo([...shape], 'float32'),
  }));
  const results = made.map(({ tensor }) => tensor);
  if (results.some(({ shape }) => util.sizeFromShape(shape) === 0))
    return results.map((one) => emptied(backend, one));
  const inputs = kernel.inputs.map((input) => asNamed(backend, input));
  const bound = [...made, ...inputs].map(({ tensor }) => tensor);
  for (const { dataId } of bound) {
    backend.uploadToGPU(dataId);
    internals.commandQueueOwnedIds.add(dataId);
  }
  const values = Object.values(uniforms).map((value) =>
    'i32' in value ? { type: 'int32', data: [value.i32] } : { type: 'float32', data: [value.f32] },
  );
  const resources = [
    ...bound.map((tensor) => internals.tensorToBinding(tensor)),
    ...(values.length > 0 ? [internals.makeUniforms(values)] : []),
  ];
  const pipeline = pipelineOf(backend.device, internals, { ...kernel, inputs });
  const bindGroup = backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
  submit(backend, internals, pipeline, bindGroup, workgroups);
  inputs.forEach(({ tensor }, i) => {
    if (tensor !== kernel.inputs[i]!.tensor) backend.disposeData(tensor.dataId);
  });
  return results;
}

/** tfjs casts whole numbers to float32 in name only: the buffer keeps its integers. Here they become floats. */
function asNamed(backend: WebgpuBackend, input: Binding): Binding {
  const { tensor } = input;
  const { dtype } = backend.tensorMap.get(tensor.dataId);
  if (tensor.dtype !== 'float32' || dtype === 'float32') return input;
  const size = util.sizeFromShape(tensor.shape);
  const [floats] = dispatch(backend, {
    name: 'floats',
    outputs: { y: tensor.shape },
    inputs: [{ name: 'x', tensor: { ...tensor, dtype } }],
    uniforms: { size: { i32: size } },
    wgsl: eachValue('  y[i] = f32(x[i]);'),
    workgroups: flat(backend, size),
  });
  return { ...input, tensor: floats! };
}

/** Nothing is computed for a tensor without values. */
function emptied(backend: WebgpuBackend, { shape, dtype, dataId }: TensorInfo): TensorInfo {
  backend.disposeData(dataId);
  return backend.makeTensorInfo(shape, dtype, new Float32Array(util.sizeFromShape(shape)));
}

function submit(
  backend: WebgpuBackend,
  internals: Internals,
  pipeline: GPUComputePipeline,
  bindGroup: GPUBindGroup,
  workgroups: Kernel['workgroups'],
): void {
  backend.ensureCommandEncoderReady();
  const pass = (internals.computePassEncoder ??= internals.commandEncoder!.beginComputePass());
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
  internals.dispatchCountInPass++;
  if (internals.dispatchCountInPass < env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** The compiled kernel; compiling one takes milliseconds, so that each is kept. */
function pipelineOf(device: GPUDevice, { pipelineCache }: Internals, kernel: Kernel): GPUComputePipeline {
  const code = sourceOf(kernel);
  return (pipelineCache[code] ??= device.createComputePipeline({
    label: kernel.name,
    layout: layoutOf(device, kernel),
    compute: { module: device.createShaderModule({ label: kernel.name, code }), entryPoint: 'main' },
  }));
}

/** Explicit, since an automatic layout leaves out what the code does not use. */
function layoutOf(device: GPUDevice, { outputs, inputs, uniforms }: Kernel): GPUPipelineLayout {
  const types: GPUBufferBindingType[] = [
    ...Object.keys(outputs).map(() => 'storage' as const),
    ...inputs.map(() => 'read-only-storage' as const),
    ...(uniforms && Object.keys(uniforms).length > 0 ? ['uniform' as const] : []),
  ];
  const entries = types.map((type, binding) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type },
  }));
  return device.createPipelineLayout({ bindGroupLayouts: [device.createBindGroupLayout({ entries })] });
}

function elementOf({ tensor, isVector }: Binding): string {
  if (isVector) return 'vec4<f32>';
  return tensor.dtype === 'float32' ? 'f32' : 'i32';
}

/** The declarations of the buffers, and the kernel's own code. */
function sourceOf({ outputs, inputs, uniforms = {}, wgsl }: Kernel): string {
  const written = Object.keys(outputs).map(
    (name, i) => `@group(0) @binding(${i}) var<storage, read_write> ${name}: array<f32>;`,
  );
  const read = inputs.map(
    (input, i) =>
      `@group(0) @binding(${written.length + i}) var<storage, read> ${input.name}: array<${elementOf(input)}>;`,
  );
  const fields = Object.entries(uniforms).map(([name, value]) => `${name}: ${Object.keys(value)[0]!}`);
  const uniform =
    fields.length === 0
      ? []
      : [
          `struct Uniforms { ${fields.join(', ')} }`,
          `@group(0) @binding(${written.length + read.length}) var<uniform> u: Uniforms;`,
        ];
  return [...written, ...read, ...uniform, wgsl].join('\n');
}

/** Threads of a workgroup where each computes one value. */
const THREADS = 64;

/** Workgroups for n threads: along a second axis where a device has not so many along the first. */
export function flat({ device }: WebgpuBackend, n: number): [number, number, number] {
  return [...spread(Math.ceil(n / THREADS), device.limits.maxComputeWorkgroupsPerDimension), 1];
}

/** At least n workgroups along two axes, none longer than `most`: `y * groups.x + x` counts them from 0. */
export function spread(n: number, most: number): [number, number] {
  const x = Math.max(1, Math.min(n, most));
  return [x, Math.max(1, Math.ceil(n / x))];
}

/** The main function of a kernel whose thread `i` of n computes one value; n is the uniform `u.size`. */
export const eachValue = (body: string): string => `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = i32((group.y * groups.x + group.x) * ${THREADS}u + local);
  if (i >= u.size) { return; }
${body}
}`;
