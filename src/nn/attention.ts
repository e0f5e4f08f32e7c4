/** Scaled dot-product attention with several heads (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762). */
import './gradients.js';
import {
  add,
  concat,
  matMul,
  mul,
  registerGradient,
  reshape,
  softmax,
  split,
  sub,
  sum,
  tensor2d,
  transpose,
  type Tensor,
  type Tensor3D,
} from '../backends/tfjs.js';
import { Attention, AttentionGrad, hasKernel, runKernel } from '../backends/kernels.js';
import { withGradient } from './withGradient.js';

interface AttentionAttrs {
  readonly heads: number;
  readonly causal: boolean;
}

registerGradient({
  kernelName: Attention,
  inputsToSave: ['qkv'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [qkv, weights] = saved as [Tensor, Tensor];
    const [dy] = dys as Tensor[];
    return { qkv: () => runKernel(AttentionGrad, { dy: dy!, qkv, weights }, attrs)[0]! };
  },
});

/** [b, t, d] -> [b, heads, t, d / heads]. */
function parted(x: Tensor, heads: number): Tensor {
  const [b, t, d] = x.shape as [number, number, number];
  return transpose(reshape(x, [b, t, heads, d / heads]), [0, 2, 1, 3]);
}

/** The inverse. */
function joined(x: Tensor): Tensor {
  const [b, heads, t, size] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [b, t, heads * size]);
}

/** 0 where a position may look, and so much less where it lies ahead that its weight becomes 0. */
const ahead = (t: number): Tensor =>
  tensor2d(
    Float32Array.from({ length: t * t }, (_, i) => (i % t > Math.floor(i / t) ? -1e9 : 0)),
    [t, t],
  );

/**
 * For each head: softmax(q k' / sqrt(d / heads)) v, the heads side by side.
 * @param qkv [b, t, 3 d]: queries, keys and values, each [b, t, d], heads side by side
 * @param attrs `causal`: a position looks only at itself and at those before it
 * @returns [b, t, d]
 */
export function attend(qkv: Tensor3D, attrs: AttentionAttrs): Tensor {
  if (hasKernel(Attention)) return runKernel(Attention, { qkv }, { ...attrs })[0]!;
  const { heads, causal } = attrs;
  const scale = 1 / Math.sqrt(qkv.shape[2] / 3 / heads);
  return withGradient([qkv], ([qkv], save) => {
    const [q, k, v] = split(qkv, 3, 2).map((one) => parted(one, heads));
    const scores = mul(matMul(q!, k!, false, true), scale);
    const weights = softmax(causal ? add(scores, ahead(qkv.shape[1]!)) : scores);
    save([q!, k!, v!, weights]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [q, k, v, weights] = saved as [Tensor, Tensor, Tensor, Tensor];
      const out = parted(dy, heads);
      const dWeights = matMul(out, v, false, true);
      const dScores = mul(mul(weights, sub(dWeights, sum(mul(dWeights, weights), -1, true))), scale);
      const parts = [matMul(dScores, k), matMul(dScores, q, true, false), matMul(weights, out, true, false)];
      return concat(parts.map(joined), 2);
    };
    return { value: joined(matMul(weights, v!)), gradFunc };
  });
}
