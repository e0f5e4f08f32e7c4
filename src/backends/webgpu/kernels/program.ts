/** An optimizer's step, or any arithmetic element by element, in one pass over memory: a program as a compute shader. */
import type { Program, Source, Operation } from '../../program.js';
import { RunProgram } from '../../kernels.js';
import type { TensorInfo } from '../../tfjs.js';
import { util } from '../../tfjs.js';
import { dispatch, eachValue, flat } from '../dispatch.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { register } from './register.js';

/** A number as WGSL reads it: the float32 next to it. */
function literal(x: number): string {
  const text = String(Math.fround(x));
  return x < 0 ? `(${text}f)` : `${text}f`;
}

const expressions: Record<Operation, (a: string, b: string) => string> = {
  add: (a, b) => `${a} + ${b}`,
  sub: (a, b) => `${a} - ${b}`,
  mul: (a, b) => `${a} * ${b}`,
  div: (a, b) => `${a} / ${b}`,
  max: (a, b) => `max(${a}, ${b})`,
  sqrt: (x) => `sqrt(${x})`,
  square: (x) => `${x} * ${x}`,
  abs: (x) => `abs(${x})`,
  sign: (x) => `select(0f, 1f, ${x} > 0f) - select(0f, 1f, ${x} < 0f)`,
  agree: (x, y) => `select(1f, 0f, (${x} > 0f && ${y} < 0f) || (${x} < 0f && ${y} > 0f))`,
};

function nameOf(source: Source): string {
  if ('input' in source) return `x${source.input}[i]`;
  if ('number' in source) return `numbers[${source.number}]`;
  if ('value' in source) return `v${source.value}`;
  return literal(source.constant);
}

/** The instructions that some outputs need, by their places. */
function needed(program: Program, outputs: readonly Source[]): Set<number> {
  const found = new Set<number>();
  const visit = (source: Source): void => {
    if (!('value' in source) || found.has(source.value)) return;
    found.add(source.value);
    program.instructions[source.value]!.of.forEach(visit);
  };
  outputs.forEach(visit);
  return found;
}

/** The code for some of a program's outputs, which it calls y0, y1, ... */
export function codeOf(program: Program, outputs: readonly Source[]): string {
  const wanted = needed(program, outputs);
  const lines = program.instructions.flatMap(({ operation, of }, i) => {
    if (!wanted.has(i)) return [];
    const [a, b = ''] = of.map(nameOf) as [string, string?];
    return [`  let v${i} = ${expressions[operation](a, b)};`];
  });
  const stores = outputs.map((source, i) => `  y${i}[i] = ${nameOf(source)};`);
  return eachValue([...lines, ...stores].join('\n'));
}

/** As many outputs at a time as the device has buffers for; nearly always all of them. */
function run(backend: WebgpuBackend, inputs: Record<string, TensorInfo>, program: Program): TensorInfo[] {
  const vectors = Array.from({ length: program.inputs }, (_, i) => ({
    name: `x${i}`,
    tensor: inputs[`x${i}`]!,
  }));
  const n = util.sizeFromShape(vectors[0]!.tensor.shape);
  const bound = [...vectors, { name: 'numbers', tensor: inputs['numbers']! }];
  const atOnce = Math.max(1, backend.device.limits.maxStorageBuffersPerShaderStage - bound.length);
  const chunks = Array.from({ length: Math.ceil(program.outputs.length / atOnce) }, (_, k) =>
    program.outputs.slice(k * atOnce, (k + 1) * atOnce),
  );
  return chunks.flatMap((outputs) =>
    dispatch(backend, {
      name: 'program',
      outputs: Object.fromEntries(outputs.map((_, i) => [`y${i}`, [n]])),
      inputs: bound,
      uniforms: { size: { i32: n } },
      wgsl: codeOf(program, outputs),
      workgroups: flat(backend, n),
    }),
  );
}

export function registerProgram(): void {
  register<Record<string, TensorInfo>, { program: Program }>(RunProgram, ({ inputs, attrs, backend }) =>
    run(backend, inputs, attrs.program),
  );
}
