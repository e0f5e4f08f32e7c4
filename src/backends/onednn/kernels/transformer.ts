/** The parts of a transformer: the fused kernels of backends/kernels.ts. */
import { util, type TensorInfo } from '../../tfjs.js';
import {
  Attention,
  AttentionGrad,
  Embedding,
  EmbeddingGrad,
  Gelu,
  GeluGrad,
  LayerNorm,
  LayerNormGrad,
} from '../../kernels.js';
import { native } from '../addon.js';
import type { OnednnBackend } from '../backend.js';
import { kernel } from '../kernel.js';

/** The values of tensors; undefined if one is not float32, or empty. */
function valuesOf(backend: OnednnBackend, tensors: readonly TensorInfo[]): Float32Array[] | undefined {
  const values = tensors.map((tensor) => backend.floats(tensor));
  return values.every((array) => array !== undefined && array.length > 0)
    ? (values as Float32Array[])
    : undefined;
}

/** Rows and columns of x [..., c]. */
const matrix = ({ shape }: TensorInfo): [rows: number, columns: number] => {
  const columns = shape.at(-1)!;
  return [util.sizeFromShape(shape) / columns, columns];
};

interface NormInputs {
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly offset: TensorInfo;
}

const layerNorm = kernel<NormInputs, { epsilon: number }>(LayerNorm, ({ inputs, attrs, backend }) => {
  const values = valuesOf(backend, [inputs.x, inputs.scale, inputs.offset]);
  if (!values) return undefined;
  const [x, scale, offset] = values as [Float32Array, Float32Array, Float32Array];
  const [rows, columns] = matrix(inputs.x);
  const y = backend.allocate(inputs.x.shape);
  const mean = backend.allocate([rows]);
  const inverse = backend.allocate([rows]);
  native().layerNorm(rows, columns, attrs.epsilon, x, scale, offset, y.values, mean.values, inverse.values);
  return [y.info, mean.info, inverse.info];
});

interface NormGradientInputs {
  readonly dy: TensorInfo;
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly mean: TensorInfo;
  readonly inverse: TensorInfo;
}

const layerNormGradient = kernel<NormGradientInputs, object>(LayerNormGrad, ({ inputs, backend }) => {
  const { x, scale } = inputs;
  const values = valuesOf(backend, [inputs.dy, x, scale, inputs.mean, inputs.inverse]);
  if (!values) return undefined;
  const [rows, columns] = matrix(x);
  const dx = backend.allocate(x.shape);
  const dscale = backend.allocate(scale.shape);
  const doffset = backend.allocate(scale.shape);
  const [dyOf, xOf, scaleOf, mean, inverse] = values as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  native().layerNormGradient(
    rows,
    columns,
    dyOf,
    xOf,
    scaleOf,
    mean,
    inverse,
    dx.values,
    dscale.values,
    doffset.values,
  );
  return [dx.info, dscale.info, doffset.info];
});

const gelu = kernel<{ x: TensorInfo }, object>(Gelu, ({ inputs, backend }) => {
  const x = backend.floats(inputs.x);
  if (!x) return undefined;
  const { info, values } = backend.allocate(inputs.x.shape);
  native().gelu(x.length, x, values);
  return info;
});

const geluGradient = kernel<{ dy: TensorInfo; x: TensorInfo }, object>(GeluGrad, ({ inputs, backend }) => {
  const values = valuesOf(backend, [inputs.dy, inputs.x]);
  if (!values) return undefined;
  const [dy, x] = values as [Float32Array, Float32Array];
  const dx = backend.allocate(inputs.x.shape);
  native().geluGradient(x.length, dy, x, dx.values);
  return dx.info;
});

interface AttentionAttrs {
  readonly heads: number;
  readonly causal: boolean;
}

const attention = kernel<{ qkv: TensorInfo }, AttentionAttrs>(Attention, ({ inputs, attrs, backend }) => {
  const qkv = backend.floats(inputs.qkv);
  if (!qkv || qkv.length === 0) return undefined;
  const { heads, causal } = attrs;
  const [b, t, width] = inputs.qkv.shape as [number, number, number];
  const y = backend.allocate([b, t, width / 3]);
  const weights = backend.allocate([b, heads, t, t]);
  native().attention(b, t, width / 3, heads, causal, qkv, y.values, weights.values);
  return [y.info, weights.info];
});

interface AttentionGradientInputs {
  readonly dy: TensorInfo;
  readonly qkv: TensorInfo;
  readonly weights: TensorInfo;
}

const attentionGradient = kernel<AttentionGradientInputs, AttentionAttrs>(
  AttentionGrad,
  ({ inputs, attrs, backend }) => {
    const values = valuesOf(backend, [inputs.dy, inputs.qkv, inputs.weights]);
    if (!values) return undefined;
    const [dy, qkv, weights] = values as [Float32Array, Float32Array, Float32Array];
    const [b, t, width] = inputs.dy.shape as [number, number, number];
    const dqkv = backend.allocate(inputs.qkv.shape);
    native().attentionGradient(b, t, width, attrs.heads, attrs.causal, dy, qkv, weights, dqkv.values);
    return dqkv.info;
  },
);

const embedding = kernel<{ tokens: TensorInfo; table: TensorInfo }, object>(
  Embedding,
  ({ inputs, backend }) => {
    const values = valuesOf(backend, [inputs.tokens, inputs.table]);
    if (!values) return undefined;
    const [tokens, table] = values as [Float32Array, Float32Array];
    const [rows, width] = inputs.table.shape as [number, number];
    const y = backend.allocate([...inputs.tokens.shape, width]);
    native().embedding(tokens.length, rows, width, tokens, table, y.values);
    return y.info;
  },
);

const embeddingGradient = kernel<{ dy: TensorInfo; tokens: TensorInfo }, { rows: number }>(
  EmbeddingGrad,
  ({ inputs, attrs, backend }) => {
    const values = valuesOf(backend, [inputs.dy, inputs.tokens]);
    if (!values) return undefined;
    const [dy, tokens] = values as [Float32Array, Float32Array];
    const width = inputs.dy.shape.at(-1)!;
    const dtable = backend.allocate([attrs.rows, width]);
    native().embeddingGradient(tokens.length, attrs.rows, width, tokens, dy, dtable.values);
    return dtable.info;
  },
);

export const transformerKernels = [
  layerNorm,
  layerNormGradient,
  gelu,
  geluGradient,
  attention,
  attentionGradient,
  embedding,
  embeddingGradient,
];
