/**
 * A transformer (https://arxiv.org/abs/1706.03762) with normalisation before each part of a block
 * (https://arxiv.org/abs/2002.04745), on patches of images (ViT, https://arxiv.org/abs/2010.11929) or on tokens.
 */
import { attend } from '../nn/attention.js';
import { conv } from '../nn/conv.js';
import { dense } from '../nn/dense.js';
import { embedding, positions } from '../nn/embedding.js';
import { gelu } from '../nn/gelu.js';
import { named, serial, slices, type LayerOf } from '../nn/layer.js';
import { layerNorm } from '../nn/layerNorm.js';
import { add, matMul, mean, reshape, tensor3d, type Tensor3D } from '../backends/tfjs.js';
import { ModelError } from './error.js';
import type { InputShape } from './model.js';

export interface TransformerSpec {
  /** Blocks. */
  readonly layers: number;
  /** Length of the vector of a position; a multiple of `heads`. */
  readonly width: number;
  readonly heads: number;
  /** Width of a block's hidden layer, as a multiple of `width`. */
  readonly expand: number;
  readonly norm: boolean;
  /** Side of an image's patches, in pixels. */
  readonly patch: number;
}

const identity: LayerOf = (input) => ({ output: input, params: [], state: [], apply: (_p, _s, x) => x });

/** A dense layer for each position: [t, n] -> [t, units]. */
const each =
  (units: number): LayerOf =>
  ([t, n]) => {
    const layer = dense(units)([n!]);
    return {
      ...layer,
      output: [t!, units],
      apply: (params, state, x, pass) =>
        reshape(layer.apply(params, state, reshape(x, [-1, n!]), pass), [-1, t!, units]),
    };
  };

/** [t, d] -> [1, d]: the last position. */
const last: LayerOf = ([t, d]) => ({
  output: [1, d!],
  params: [],
  state: [],
  // A product with 0, ..., 0, 1, whose gradient every backend has.
  apply: (_p, _s, x) => {
    const chosen = tensor3d(
      Array.from({ length: t! }, (_, i) => (i === t! - 1 ? 1 : 0)),
      [1, 1, t!],
    );
    return matMul(chosen, x as Tensor3D);
  },
});

/** x + f(x), of the positions that `kept` keeps. */
const residual =
  (of: LayerOf, kept: LayerOf = identity): LayerOf =>
  (input) => {
    const layer = of(input);
    const skip = kept(input);
    return {
      ...layer,
      apply: (params, state, x, pass) =>
        add(skip.apply([], [], x, pass), layer.apply(params, state, x, pass)),
    };
  };

/** Self-attention whose answers are those of the positions that `kept` keeps. */
const attention =
  (heads: number, causal: boolean, kept: LayerOf): LayerOf =>
  ([t, d]) => {
    const attended = kept([t!, d!]);
    const parts = [named('qkv', each(3 * d!)([t!, d!])), named('out', each(d!)(attended.output))] as const;
    return {
      output: attended.output,
      largest: 3 * t! * d! + heads * t! * t!,
      params: parts.flatMap(({ params }) => params),
      state: [],
      apply(params, state, x, pass) {
        const take = slices(params, state);
        const qkv = parts[0].apply(...take(parts[0]), x, pass) as Tensor3D;
        const answers = attended.apply([], [], attend(qkv, { heads, causal }), pass);
        return parts[1].apply(...take(parts[1]), answers, pass);
      },
    };
  };

/** Patches of side x side pixels, side by side, each through one dense layer: [h, w, c] -> [patches, width]. */
const patches =
  (side: number, width: number): LayerOf =>
  (input) => {
    const [h, w, c] = input as [number, number, number];
    if (h % side !== 0 || w % side !== 0)
      throw new ModelError(
        `Images of ${h} x ${w} pixels cannot be cut into patches of ${side} x ${side}: choose model.patch so that it divides both.`,
      );
    // A convolution whose windows do not overlap. It begins as a dense layer does, not as a convolution before a ReLU.
    const layer = conv(width, side, { stride: side, margin: 0, bias: true })(input);
    const sd = 1 / Math.sqrt(side * side * c);
    const params = layer.params.map((of) => (of.name === 'weight' ? { ...of, init: { sd } } : of));
    const t = (h / side) * (w / side);
    return {
      ...layer,
      params,
      output: [t, width],
      apply: (of, state, x, pass) => reshape(layer.apply(of, state, x, pass), [-1, t, width]),
    };
  };

/** [t, d] -> [d]: the mean over positions. */
const average: LayerOf = ([, d]) => ({
  output: [d!],
  params: [],
  state: [],
  apply: (_p, _s, x) => mean(x, 1),
});

/** [t, d] -> [d], every position an example of its own. */
const all: LayerOf = ([, d]) => ({
  output: [d!],
  params: [],
  state: [],
  apply: (_p, _s, x) => reshape(x, [-1, d!]),
});

/**
 * Images: the mean over patches predicts the class. Tokens: with `answers: last` the last position predicts, and each
 * position looks at all; with `each` every position predicts the next token, and looks only at those before it.
 *
 * The layer throws a ModelError if patches do not fit into the images.
 */
export function transformer(spec: TransformerSpec, { classes, tokens }: InputShape): LayerOf {
  const { layers, width, heads, expand, norm, patch } = spec;
  const normed = norm ? layerNorm : identity;
  const causal = tokens?.answers === 'each';
  const parts: Record<string, LayerOf> = {
    ...(tokens ? { tokens: embedding(tokens.vocabulary, width) } : { patches: patches(patch, width) }),
    positions,
  };
  for (let block = 1; block <= layers; block++) {
    // Of the last block, no other position's answer would be read.
    const kept = block === layers && tokens?.answers === 'last' ? last : identity;
    parts[`block${block}.attention`] = residual(
      serial({ norm: normed, heads: attention(heads, causal, kept) }),
      kept,
    );
    parts[`block${block}.mlp`] = residual(
      serial({ norm: normed, in: each(expand * width), gelu, out: each(width) }),
    );
  }
  const pooled = tokens === undefined ? average : all;
  return serial({ ...parts, norm: normed, pooled, head: dense(classes) });
}
