/** Pooling layers. */
import { maxPool, mean, type Tensor4D } from '../backends/tfjs.js';
import type { LayerOf } from './layer.js';

/** Maximum over size x size windows, stride `size`; a remainder at the edge is dropped. */
export const maxPooling =
  (size: number): LayerOf =>
  ([h, w, c]) => ({
    output: [Math.floor(h! / size), Math.floor(w! / size), c!],
    params: [],
    state: [],
    apply: (_p, _s, x) => maxPool(x as Tensor4D, size, size, 'valid'),
  });

/** Mean over height and width: [b, h, w, c] -> [b, c]. */
export const globalAverage: LayerOf = ([, , c]) => ({
  output: [c!],
  params: [],
  state: [],
  apply: (_p, _s, x) => mean(x, [1, 2]),
});
