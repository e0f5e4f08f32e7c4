/** Rows of a table, and the gradient by the table (nn/embedding.ts is the specification). */
import { util, type TensorInfo } from '../../tfjs.js';
import { Embedding, EmbeddingGrad } from '../../kernels.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { dispatch, eachValue, flat, spread } from '../dispatch.js';
import { TILES } from '../tiles.js';
import { sumRows } from './columns.js';
import { register } from './register.js';

/** A device cannot refuse a token outside of the vocabulary: it gets NaN, so that the run ends. */
function embedding(
  backend: WebgpuBackend,
  { tokens, table }: { tokens: TensorInfo; table: TensorInfo },
): TensorInfo[] {
  const [rows, width] = table.shape as [number, number];
  const shape = [...tokens.shape, width];
  const size = util.sizeFromShape(shape);
  return dispatch(backend, {
    name: 'embedding',
    inputs: [
      { name: 'tokens', tensor: tokens },
      { name: 'table', tensor: table },
    ],
    outputs: { y: shape },
    uniforms: { size: { i32: size }, rows: { i32: rows }, width: { i32: width }, nan: { f32: NaN } },
    wgsl: eachValue(`
  let token = i32(tokens[i / u.width]);
  let isToken = token >= 0 && token < u.rows;
  y[i] = select(u.nan, table[token * u.width + i % u.width], isToken);`),
    workgroups: flat(backend, size),
  });
}

/** Tokens that one thread looks at before all read their results. */
const BITS = 32;

/**
 * Threads side by side have the channels of one row of the table. They look for the row among the tokens together: each
 * marks where it found it in the bits of a word. Then all go through the words and add up, each its channel, at the same
 * places in the same order. So no two threads write to one place, and the sum is always the same.
 */
function gradientCode(threads: number): string {
  return `
var<workgroup> words: array<u32, ${threads}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let block = i32(group.z * groups.x + group.x);
  let row = block / u.blocks;
  let channel = (block % u.blocks) * ${threads} + i32(local);
  let start = i32(group.y) * u.chunk;
  let end = min(start + u.chunk, u.tokens);
  var sum = 0f;
  for (var base = start; base < end; base += ${threads * BITS}) {
    var word = 0u;
    for (var bit = 0; bit < ${BITS}; bit++) {
      let at = base + bit * ${threads} + i32(local);
      if (at < end && i32(tokens[at]) == row) { word |= 1u << u32(bit); }
    }
    words[local] = word;
    workgroupBarrier();
    for (var k = 0; k < ${threads}; k++) {
      var left = words[k];
      while (left != 0u) {
        let at = base + i32(firstTrailingBit(left)) * ${threads} + k;
        if (channel < u.width) { sum += dy[at * u.width + channel]; }
        left &= left - 1u;
      }
    }
    workgroupBarrier();
  }
  if (row < u.rows && channel < u.width) { parts[(i32(group.y) * u.rows + row) * u.width + channel] = sum; }
}`;
}

function gradient(
  backend: WebgpuBackend,
  { dy, tokens }: { dy: TensorInfo; tokens: TensorInfo },
  { rows }: { rows: number },
): TensorInfo {
  const { threads, tokens: least, groups } = TILES.embedding;
  const width = dy.shape.at(-1)!;
  const count = util.sizeFromShape(tokens.shape);
  const blocks = Math.ceil(width / threads);
  const wanted = Math.min(Math.ceil(count / least), Math.floor(groups / (rows * blocks)));
  const chunk = Math.ceil(count / Math.max(1, wanted));
  const chunks = Math.max(1, Math.ceil(count / chunk));
  const [x, z] = spread(rows * blocks, backend.device.limits.maxComputeWorkgroupsPerDimension);
  const shape = [rows, width];
  const [parts] = dispatch(backend, {
    name: 'embedding gradient',
    inputs: [
      { name: 'dy', tensor: dy },
      { name: 'tokens', tensor: tokens },
    ],
    outputs: { parts: chunks === 1 ? shape : [chunks, ...shape] },
    uniforms: {
      rows: { i32: rows },
      width: { i32: width },
      tokens: { i32: count },
      chunk: { i32: chunk },
      blocks: { i32: blocks },
    },
    wgsl: gradientCode(threads),
    workgroups: [x, chunks, z],
  });
  if (chunks === 1) return parts!;
  const [sum] = sumRows(
    backend,
    { rows: chunks, channels: rows * width },
    {
      name: 'embedding gradient, sums',
      inputs: [{ name: 'parts', tensor: parts! }],
      sums: ['dtable'],
      part: 'fn part(row: i32, i: i32, channel: i32) -> f32 { return parts[i]; }',
    },
    TILES.finish,
  );
  backend.disposeData(parts!.dataId);
  return { ...sum!, shape };
}

export function registerEmbedding(): void {
  register<{ tokens: TensorInfo; table: TensorInfo }, object>(Embedding, ({ inputs, backend }) =>
    embedding(backend, inputs),
  );
  register<{ dy: TensorInfo; tokens: TensorInfo }, { rows: number }>(
    EmbeddingGrad,
    ({ inputs, attrs, backend }) => gradient(backend, inputs, attrs),
  );
}
