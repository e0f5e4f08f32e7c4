/** Plain convolutional net: 5x5 convolution + ReLU + 2x2 max pooling per stage, then dense layers. */
import { conv } from '../nn/conv.js';
import { dense, flatten } from '../nn/dense.js';
import { serial, type LayerOf } from '../nn/layer.js';
import { maxPooling } from '../nn/pool.js';

/** `filters`: channels of each stage; `hidden`: widths of dense layers before the logits. */
export function cnn(filters: readonly number[], hidden: readonly number[], classes: number): LayerOf {
  const layers: Record<string, LayerOf> = {};
  filters.forEach((channels, i) => {
    layers[`conv${i + 1}`] = conv(channels, 5, { bias: true, relu: true });
    layers[`pool${i + 1}`] = maxPooling(2);
  });
  layers.flatten = flatten;
  hidden.forEach((units, i) => (layers[`dense${i + 1}`] = dense(units, { relu: true })));
  return serial({ ...layers, head: dense(classes) });
}
