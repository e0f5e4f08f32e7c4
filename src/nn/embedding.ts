/** Vectors for tokens, and for positions. */
import './gradients.js';
import {
  add,
  cast,
  matMul,
  oneHot,
  registerGradient,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '../backends/tfjs.js';
import { Embedding, EmbeddingGrad, hasKernel, runKernel } from '../backends/kernels.js';
import { sizeOf, type LayerOf } from './layer.js';
import { withGradient } from './withGradient.js';

registerGradient({
  kernelName: Embedding,
  inputsToSave: ['tokens', 'table'],
  gradFunc: (dy, saved) => {
    const [tokens, table] = saved as [Tensor, Tensor];
    return {
      table: () => runKernel(EmbeddingGrad, { dy: dy as Tensor, tokens }, { rows: table.shape[0]! })[0]!,
    };
  },
});

/** tokens [...] (float32, whole numbers from 0), table [n, d] -> rows of the table [..., d]. */
export function embed(tokens: Tensor, table: Tensor2D): Tensor {
  if (hasKernel(Embedding)) return runKernel(Embedding, { tokens, table })[0]!;
  const [n, d] = table.shape;
  // A product with the tokens' indicators: its gradient is a sum over equal tokens, by operations that all backends have.
  return withGradient([table], ([table], save) => {
    const chosen = oneHot(cast(reshape(tokens, [-1]), 'int32') as Tensor1D, n) as Tensor2D;
    save([cast(chosen, 'float32')]);
    const gradFunc = (dy: Tensor, [chosen]: Tensor[]) =>
      matMul(chosen as Tensor2D, reshape(dy, [-1, d]) as Tensor2D, true, false);
    return {
      value: reshape(matMul(cast(chosen, 'float32') as Tensor2D, table), [...tokens.shape, d]),
      gradFunc,
    };
  });
}

/** Tokens [t] of a vocabulary -> [t, width]; the vectors start normal with variance 1 / width. */
export const embedding =
  (vocabulary: number, width: number): LayerOf =>
  (input) => {
    const t = sizeOf(input);
    return {
      output: [t, width],
      params: [{ name: 'embedding', shape: [vocabulary, width], init: { sd: 1 / Math.sqrt(width) } }],
      state: [],
      apply: ([table], _state, x) => embed(reshape(x, [-1, t]), table as Tensor2D),
    };
  };

/** Adds to [t, d] a vector for each position. */
export const positions: LayerOf = ([t, d]) => ({
  output: [t!, d!],
  params: [{ name: 'embedding', shape: [t!, d!], init: { sd: 1 / Math.sqrt(d!) } }],
  state: [],
  apply: ([vectors], _state, x) => add(x, vectors!),
});
