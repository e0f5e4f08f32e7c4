/** Plain convolutional net: 5x5 convolution + ReLU + 2x2 max pooling per stage, then dense layers. */
import { convPool } from '../nn/convPool.js';
import { dense, flatten } from '../nn/dense.js';
import { serial, type LayerOf, type Shape } from '../nn/layer.js';
import { ModelError } from './error.js';

/**
 * `filters`: channels of each stage; `hidden`: widths of dense layers before the logits.
 *
 * The layer throws a ModelError if images cannot be halved once per stage.
 */
export function cnn(filters: readonly number[], hidden: readonly number[], classes: number): LayerOf {
  const layers: Record<string, LayerOf> = {};
  filters.forEach((channels, i) => {
    layers[`conv${i + 1}`] = convPool(channels, 5, 2);
  });
  layers.flatten = flatten;
  hidden.forEach((units, i) => (layers[`dense${i + 1}`] = dense(units, { relu: true })));
  const network = serial({ ...layers, head: dense(classes) });
  return (input) => {
    requireRoom(input, filters.length);
    return network(input);
  };
}

function requireRoom([height, width]: Shape, stages: number): void {
  const most = Math.floor(Math.log2(Math.min(height!, width!)));
  if (stages > most)
    throw new ModelError(
      `A cnn of ${stages} stages halves its images ${stages} times, but images of ${height} x ${width} pixels can be halved only ${most} times: give model.filters at most ${most} entries.`,
    );
}
