/**
 * Fused kernels that a backend may register to replace a composition of tfjs operations.
 *
 * The composition (in the file named beside each) is the specification. Backends without the kernel run it. A backend
 * registers a kernel with tfjs under the name given here.
 */
import { engine, getKernel, type NamedAttrMap, type NamedTensorMap, type Tensor } from './tfjs.js';

/**
 * Batch normalisation in training mode over all axes but the last, then optionally `+ residual`, then optionally
 * ReLU (nn/batchNorm.ts).
 *   inputs  x [..., c], scale [c], offset [c], residual [..., c] (optional)
 *   attrs   epsilon: number, relu: boolean
 *   outputs y [..., c], mean [c], variance [c] (biased), and up to three more that the backend's gradient wants
 */
export const BatchNormTrain = 'AdamwBenchBatchNormTrain';

/**
 * Gradient of BatchNormTrain.
 *   inputs  dy, x, y [..., c], scale, mean, variance [c], kept0, kept1, kept2: what BatchNormTrain gave besides
 *   attrs   epsilon: number, relu: boolean, residual: boolean
 *   outputs dx [..., c], dscale [c], doffset [c], and where `residual`: dresidual [..., c]
 */
export const BatchNormTrainGrad = 'AdamwBenchBatchNormTrainGrad';

/**
 * Mean softmax cross-entropy with its gradient, in one pass (nn/crossEntropy.ts).
 *   inputs  logits [b, k] float32, labels [b] int32
 *   outputs loss [] (mean over b), dlogits [b, k] = (softmax(logits) - onehot(labels)) / b
 */
export const SoftmaxCrossEntropy = 'AdamwBenchSoftmaxCrossEntropy';

/**
 * Gradient through `y = relu(z + bias)` or, without relu, `y = z + bias` (nn/conv.ts, nn/dense.ts; the forward pass is
 * tfjs's own FusedConv2D or _FusedMatMul with bias and activation).
 *   inputs  dy, y [..., c]
 *   attrs   relu: boolean
 *   outputs dz [..., c] (dy where y > 0), dbias [c] (dz summed over all axes but the last)
 */
export const BiasReluGrad = 'AdamwBenchBiasReluGrad';

/**
 * Convolution, bias, ReLU and max pooling over windows of size x size side by side (nn/convPool.ts). The
 * output of the convolution need not be kept.
 *   inputs  x [b, h, w, c], filter [kh, kw, c, k], bias [k]
 *   attrs   FusedConv2D's, and size: number, from 1 to 15
 *   outputs y [b, h'/size, w'/size, k], where (bool, of y's shape): bytes that MaxPoolReluBiasGrad understands
 */
export const ConvReluMaxPool = 'AdamwBenchConvReluMaxPool';

/**
 * The gradient of ConvReluMaxPool with respect to the convolution's output and the bias.
 *   inputs  dy [b, h, w, k], where
 *   attrs   size: number, shape: [b, h', w', k], the convolution's output
 *   outputs dz [b, h', w', k], dbias [k]
 */
export const MaxPoolReluBiasGrad = 'AdamwBenchMaxPoolReluBiasGrad';

/**
 * Gradient of ReLU from its output (nn/relu.ts).
 *   inputs  dy, y (same shape)
 *   outputs dx: dy where y > 0, else 0
 */
export const ReluGrad = 'AdamwBenchReluGrad';

/**
 * Layer normalisation over the last axis (nn/layerNorm.ts).
 *   inputs  x [..., c], scale [c], offset [c]
 *   attrs   epsilon: number
 *   outputs y [..., c], mean [n], inverse [n]: of each of the n rows, and 1 / sqrt(variance + epsilon)
 */
export const LayerNorm = 'AdamwBenchLayerNorm';

/**
 * Gradient of LayerNorm.
 *   inputs  dy, x [..., c], scale [c], mean, inverse [n]
 *   outputs dx [..., c], dscale, doffset [c]
 */
export const LayerNormGrad = 'AdamwBenchLayerNormGrad';

/**
 * GELU in its form with tanh, elementwise (nn/gelu.ts).
 *   inputs  x
 *   outputs y
 */
export const Gelu = 'AdamwBenchGelu';

/**
 * Gradient of Gelu.
 *   inputs  dy, x
 *   outputs dx
 */
export const GeluGrad = 'AdamwBenchGeluGrad';

/**
 * Scaled dot-product attention (nn/attention.ts).
 *   inputs  qkv [b, t, 3 d]: queries, keys, values, the heads of each side by side
 *   attrs   heads: number, causal: boolean
 *   outputs y [b, t, d], weights [b, heads, t, t]: rows sum to 1
 */
export const Attention = 'AdamwBenchAttention';

/**
 * Gradient of Attention.
 *   inputs  dy [b, t, d], qkv [b, t, 3 d], weights [b, heads, t, t]
 *   attrs   as Attention's
 *   outputs dqkv [b, t, 3 d]
 */
export const AttentionGrad = 'AdamwBenchAttentionGrad';

/**
 * Rows of a table (nn/embedding.ts).
 *   inputs  tokens [...]: float32, whole numbers from 0; table [n, d]
 *   outputs y [..., d]
 */
export const Embedding = 'AdamwBenchEmbedding';

/**
 * Gradient of Embedding by the table.
 *   inputs  dy [..., d], tokens [...]
 *   attrs   rows: number, the table's n
 *   outputs dtable [n, d]
 */
export const EmbeddingGrad = 'AdamwBenchEmbeddingGrad';

/**
 * One Adam step on flat vectors (optim/). All in one pass:
 *   g = gradient + l2*mask*theta;  m' = beta1 m + (1-beta1) g;  v' = beta2 v + (1-beta2) g^2
 *   theta' = theta - stepSize * (m'/bias1) / (sqrt(v'/bias2) + epsilon) - decay*mask*theta
 *   inputs  theta, gradient, m, v [n], mask [n] (optional; absent: 1 everywhere)
 *   attrs   beta1, beta2, bias1, bias2, stepSize, epsilon, l2, decay: number; reuse: boolean, whether theta', m' and v'
 *           may be written over theta, m and v
 *   outputs theta', m', v' [n]
 */
export const AdamStep = 'AdamwBenchAdamStep';

/**
 * One SGD step on flat vectors (optim/). All in one pass:
 *   g = gradient + l2*mask*theta;  m' = momentum*m + gradientScale*g
 *   theta' = theta - momentumScale*m' - decay*mask*theta
 *   inputs  theta, gradient, m [n], mask [n] (optional)
 *   attrs   momentum, gradientScale, momentumScale, l2, decay: number; reuse: boolean, as above
 *   outputs theta', m' [n]
 */
export const SgdStep = 'AdamwBenchSgdStep';

/**
 * Arithmetic on flat vectors, element by element, in one pass (program.ts): an optimizer's step whose numbers come as a
 * tensor (optim/deferred.ts).
 *   inputs  x0, x1, ... [n]: the program's inputs; numbers [k]
 *   attrs   program: Program
 *   outputs one vector [n] for each output of the program
 */
export const RunProgram = 'AdamwBenchRunProgram';

/** Whether the current backend has registered a kernel of this name. */
export const hasKernel = (name: string): boolean => getKernel(name, engine().backendName) != null;

/** Runs a registered kernel; several outputs come back as an array. */
export function runKernel(name: string, inputs: NamedTensorMap, attrs: NamedAttrMap = {}): Tensor[] {
  const out = engine().runKernel(name, inputs, attrs);
  return Array.isArray(out) ? out : [out];
}
