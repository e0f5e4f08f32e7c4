/** Multi-layer perceptron: dense layers with ReLU, with or without batch norm between the two. */
import { batchNorm } from '../nn/batchNorm.js';
import { dense, flatten } from '../nn/dense.js';
import { serial, type LayerOf } from '../nn/layer.js';

/** Flattened image -> hidden widths -> logits. */
export function mlp(hidden: readonly number[], normed: boolean, classes: number): LayerOf {
  const layers: Record<string, LayerOf> = { flatten };
  hidden.forEach((units, i) => {
    // Batch norm subtracts the mean, which cancels a bias.
    layers[`dense${i + 1}`] = dense(units, { relu: !normed, gain: 2, bias: !normed });
    if (normed) layers[`norm${i + 1}`] = batchNorm({ relu: true });
  });
  return serial({ ...layers, head: dense(classes) });
}
