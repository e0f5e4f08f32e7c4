/** Multi-layer perceptron: dense layers with ReLU. */
import { dense, flatten } from '../nn/dense.js';
import { serial, type LayerOf } from '../nn/layer.js';

/** Flattened image -> hidden widths -> logits. */
export function mlp(hidden: readonly number[], classes: number): LayerOf {
  const layers: Record<string, LayerOf> = { flatten };
  hidden.forEach((units, i) => (layers[`dense${i + 1}`] = dense(units, { relu: true })));
  return serial({ ...layers, head: dense(classes) });
}
