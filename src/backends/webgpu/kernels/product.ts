/**
 * Matrix products [rows, inner] x [inner, cols] whose operands a few lines of WGSL read: a convolution and both of its
 * gradients are such products, without the matrices ever being made.
 *
 * A workgroup computes a block of the product. Step by step it copies a piece of either operand into its memory, from
 * where each thread multiplies a small block of its own, kept in registers (../tiles.ts has the sizes).
 */
import type { WebgpuBackend } from '../tfjsBackend.js';
import { dispatch, type Binding, type Uniforms } from '../dispatch.js';
import { threadsOf, type ProductTile } from '../tiles.js';
import type { TensorInfo } from '../../tfjs.js';

/**
 * One of the two matrices. The place of a value is the sum of two vectors, one of its outer index (row of the first
 * matrix, column of the second) and one of its inner index: offset in the buffer, y, x. Where (y, x) is not in
 * `bounds`, the value is 0. No function here branches: a GPU then has all reads of a step under way at once.
 */
export interface Operand {
  readonly tensor: TensorInfo;
  /** The axis along which values lie side by side in memory. */
  readonly along: 'outer' | 'inner';
  /** Whether four values at a time may be read: each four along that axis lie side by side, all in bounds or none. */
  readonly isVector: boolean;
  /** WGSL: the body of a function of `at: i32` and `part: i32` that returns a vec3<i32>; `nowhere` is out of bounds. */
  readonly outer: string;
  readonly inner: string;
  /** Height and width. */
  readonly bounds: readonly [number, number];
}

export interface Product {
  readonly name: string;
  readonly a: Operand;
  readonly b: Operand;
  /** Products of one shape that run side by side; the code knows the number of each as `part`. */
  readonly parts: number;
  /** For the most rows and columns that a part has. */
  readonly rows: number;
  readonly cols: number;
  /** WGSL: the body of a function of `part: i32`, the same for all threads: first inner index, and the one after the last. */
  readonly range: string;
  /** WGSL: the body of a function of `row: i32` and `part: i32` that gives where a row's values go; -1 where nowhere. */
  readonly place: string;
  /** WGSL: what becomes of `value` in column `col`. */
  readonly finish?: string;
  readonly inputs?: readonly Binding[];
  readonly uniforms?: Uniforms;
  readonly output: readonly number[];
  readonly tile: ProductTile;
}

/** An index of a plain matrix, whose bounds are 1 x 1: the body of a function for `n` lines that lie `stride` apart. */
export const line = (n: number | string, stride: number | string): string =>
  `return select(vec3<i32>(at * ${stride}, 0, 0), nowhere, at >= ${n});`;

/** Beyond all bounds, whatever is added. */
const NOWHERE = 'const nowhere = vec3<i32>(0, -16777216, -16777216);';

/** Where the tile of an operand lies in workgroup memory, and how threads share the work of filling it. */
interface Staging {
  readonly name: 'a' | 'b';
  readonly operand: Operand;
  /** The tile's size along the operand's outer axis. */
  readonly size: number;
  readonly tile: ProductTile;
}

const quads = ({ operand, size, tile }: Staging): number =>
  (operand.along === 'inner' ? tile.inner : size) / 4;

/** Lines of quads are padded by one where threads read down a column. */
const pitch = (staging: Staging): number => quads(staging) + (staging.operand.along === 'inner' ? 1 : 0);

const lines = ({ operand, size, tile }: Staging): number => (operand.along === 'inner' ? size : tile.inner);

/** The functions that read an operand, and its tile. */
function declarations(staging: Staging): string {
  const { name, operand } = staging;
  const [height, width] = operand.bounds;
  const type = operand.isVector ? 'vec4<f32>' : 'f32';
  return `
var<workgroup> ${name}Tile: array<vec4<f32>, ${lines(staging) * pitch(staging)}>;
fn ${name}Outer(at: i32, part: i32) -> vec3<i32> { ${operand.outer} }
fn ${name}Inner(at: i32, part: i32) -> vec3<i32> { ${operand.inner} }
fn ${name}Value(outer: vec3<i32>, inner: vec3<i32>) -> ${type} {
  let at = outer + inner;
  let isIn = u32(at.y) < ${height}u && u32(at.z) < ${width}u;
  return select(${type}(), ${name}[${operand.isVector ? 'u32(select(0, at.x, isIn)) / 4u' : 'select(0, at.x, isIn)'}], isIn);
}`;
}

/** Statements before the loop, and in each of its steps. */
interface Statements {
  readonly before: readonly string[];
  readonly each: readonly string[];
}

/** What fills an operand's tile, four values at a time. */
function staged(staging: Staging): Statements {
  const { name, operand } = staging;
  const perLine = quads(staging);
  const { before, each } = operand.isVector ? stagedInFours(staging) : stagedOneByOne(staging);
  const own = [`let ${name}Quad = 4 * (local % ${perLine});`, `let ${name}Line = local / ${perLine};`];
  return { before: [...own, ...before], each };
}

const store = (staging: Staging, line: string, value: string): string =>
  `${staging.name}Tile[${line} * ${pitch(staging)} + ${staging.name}Quad / 4] = ${value};`;

/** Lines of a tile that the threads fill at once. */
const linesAtOnce = (staging: Staging): number => threadsOf(staging.tile) / quads(staging);

const outerAt = ({ name }: Staging, at: string): string => `${name}Outer(${name}First + ${at}, part)`;
const innerAt = ({ name }: Staging, at: string): string => `${name}Inner(first + ${at}, part)`;

/** In a loop, and nothing is kept: networks have few such layers, and some compilers take seconds for long code. */
function stagedOneByOne(staging: Staging): Statements {
  const { name, operand } = staging;
  const four = [0, 1, 2, 3].map((i) => {
    const along = `${name}Quad + ${i}`;
    const [outer, inner] = operand.along === 'inner' ? ['line', along] : [along, 'line'];
    return `${name}Value(${outerAt(staging, outer)}, ${innerAt(staging, inner)})`;
  });
  return {
    before: [],
    each: [
      `for (var line = ${name}Line; line < ${lines(staging)}; line += ${linesAtOnce(staging)}) {`,
      `  ${store(staging, 'line', `vec4<f32>(${four.join(', ')})`)}`,
      '}',
    ],
  };
}

/** The places along the axis that a thread stays on are computed once: before the loop, or in each step. */
function stagedInFours(staging: Staging): Statements {
  const { name, operand } = staging;
  const atOnce = linesAtOnce(staging);
  const rounds = Array.from({ length: lines(staging) / atOnce }, (_, round) => round);
  const lineOf = (round: number) => `(${name}Line + ${round * atOnce})`;
  const quad = `${name}Quad`;
  const fill = (value: (round: number) => string) =>
    rounds.map((round) => store(staging, lineOf(round), `${name}Value(${value(round)})`));
  if (operand.along === 'inner')
    return {
      before: rounds.map((round) => `let ${name}Outer${round} = ${outerAt(staging, lineOf(round))};`),
      each: [
        `let ${name}Inner0 = ${innerAt(staging, quad)};`,
        ...fill((round) => `${name}Outer${round}, ${name}Inner0`),
      ],
    };
  return {
    before: [`let ${name}Outer0 = ${outerAt(staging, quad)};`],
    each: fill((round) => `${name}Outer0, ${innerAt(staging, lineOf(round))}`),
  };
}

/** Which of a tile's rows (or columns) a thread's i-th one is. Neighbours read side by side. */
function outerOf({ name, operand, size, tile }: Staging, i: number): string {
  const [thread, perThread] = name === 'a' ? ['ty', tile.perThread[0]] : ['tx', tile.perThread[1]];
  const threads = size / perThread;
  return operand.along === 'inner'
    ? `(${thread} + ${i * threads})`
    : `(4 * (${thread} + ${Math.floor(i / 4) * threads}) + ${i % 4})`;
}

/** Reads of what a thread needs for four inner steps, and the name of value i at inner step k. */
function fetched(staging: Staging): { reads: string[]; value: (i: number, k: number) => string } {
  const { name, operand, tile } = staging;
  const perThread = tile.perThread[name === 'a' ? 0 : 1];
  const thread = name === 'a' ? 'ty' : 'tx';
  const threads = staging.size / perThread;
  const axes = ['x', 'y', 'z', 'w'];
  if (operand.along === 'inner')
    return {
      reads: Array.from(
        { length: perThread },
        (_, i) => `let ${name}${i} = ${name}Tile[${outerOf(staging, i)} * ${pitch(staging)} + quad];`,
      ),
      value: (i, k) => `${name}${i}.${axes[k]!}`,
    };
  const groups = Array.from({ length: perThread / 4 }, (_, group) => group);
  return {
    reads: [0, 1, 2, 3].flatMap((k) =>
      groups.map(
        (group) =>
          `let ${name}${k}_${group} = ${name}Tile[(4 * quad + ${k}) * ${pitch(staging)} + ${thread} + ${group * threads}];`,
      ),
    ),
    value: (i, k) => `${name}${k}_${Math.floor(i / 4)}.${axes[i % 4]!}`,
  };
}

/** The multiplications of four inner steps. */
function multiplications(a: Staging, b: Staging): string[] {
  const [rows, cols] = a.tile.perThread;
  const [left, right] = [fetched(a), fetched(b)];
  const body = [...left.reads, ...right.reads];
  for (let k = 0; k < 4; k++)
    for (let group = 0; group < cols / 4; group++) {
      const four = [0, 1, 2, 3].map((i) => right.value(4 * group + i, k));
      body.push(`let r${k}_${group} = vec4<f32>(${four.join(', ')});`);
      for (let row = 0; row < rows; row++)
        body.push(`c${row}_${group} += ${left.value(row, k)} * r${k}_${group};`);
    }
  return body;
}

function stores(a: Staging, b: Staging): string[] {
  const [rows, cols] = a.tile.perThread;
  return Array.from({ length: rows }, (_, row) => [
    `let at${row} = place(aFirst + ${outerOf(a, row)}, part);`,
    ...Array.from(
      { length: cols },
      (_, col) => `put(at${row}, bFirst + ${outerOf(b, col)}, c${row}_${Math.floor(col / 4)}[${col % 4}]);`,
    ),
  ]).flat();
}

/** The kernel's code but for its buffers. */
function codeOf({ a, b, parts, cols, range, place, finish = 'return value;', tile }: Product): string {
  const left: Staging = { name: 'a', operand: a, size: tile.rows, tile };
  const right: Staging = { name: 'b', operand: b, size: tile.cols, tile };
  const [forA, forB] = [staged(left), staged(right)];
  const across = tile.cols / tile.perThread[1];
  const sums = Array.from({ length: tile.perThread[0] }, (_, row) =>
    Array.from({ length: tile.perThread[1] / 4 }, (_, group) => `var c${row}_${group} = vec4<f32>();`),
  ).flat();
  const bands = Math.ceil(cols / tile.cols);
  return `
${NOWHERE}
${declarations(left)}
${declarations(right)}
fn range(part: i32) -> vec2<i32> { ${range} }
fn place(row: i32, part: i32) -> i32 { ${place} }
fn finish(value: f32, col: i32) -> f32 { ${finish} }
fn put(at: i32, col: i32, value: f32) {
  if (at >= 0 && col < ${cols}) { y[at + col] = finish(value, col); }
}

@compute @workgroup_size(${threadsOf(tile)})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let local = i32(thread);
  let tx = local % ${across};
  let ty = local / ${across};
  let part = ${parts === 1 ? '0' : `i32(group.z) / ${bands}`};
  let aFirst = i32(group.y * groups.x + group.x) * ${tile.rows};
  let bFirst = (i32(group.z) % ${bands}) * ${tile.cols};
  ${[...sums, ...forA.before, ...forB.before].join('\n  ')}
  let inner = range(part);
  for (var first = inner.x; first < inner.y; first += ${tile.inner}) {
    ${[...forA.each, ...forB.each].join('\n    ')}
    workgroupBarrier();
    for (var quad = 0; quad < ${tile.inner / 4}; quad++) {
      ${multiplications(left, right).join('\n      ')}
    }
    workgroupBarrier();
  }
  ${stores(left, right).join('\n  ')}
}`;
}

/** Runs a product. */
export function runProduct(backend: WebgpuBackend, product: Product): TensorInfo {
  const { a, b, inputs = [], parts, rows, cols, tile, uniforms } = product;
  const most = backend.device.limits.maxComputeWorkgroupsPerDimension;
  const blocks = Math.ceil(rows / tile.rows);
  const across = Math.min(blocks, most);
  const [result] = dispatch(backend, {
    name: product.name,
    outputs: { y: product.output },
    inputs: [
      { name: 'a', tensor: a.tensor, isVector: a.isVector },
      { name: 'b', tensor: b.tensor, isVector: b.isVector },
      ...inputs,
    ],
    ...(uniforms ? { uniforms } : {}),
    wgsl: codeOf(product),
    workgroups: [across, Math.ceil(blocks / across), Math.ceil(cols / tile.cols) * parts],
  });
  return result!;
}
