/** Fully connected layer, with bias and ReLU in one kernel where wanted; a lazy gradient back. */
import './gradients.js';
import {
  _FusedMatMul,
  engine,
  matMul,
  registerGradient,
  reshape,
  type Tensor,
  type Tensor2D,
} from '../backends/tfjs.js';
import { biasGradient } from './biasGradient.js';
import { runKernel } from '../backends/kernels.js';
import type { LayerOf } from './layer.js';
import { rectify } from './relu.js';

// As in conv.ts: the first layer's input gradient is an MLP's most expensive product, and nobody needs it.
registerGradient({
  kernelName: _FusedMatMul,
  inputsToSave: ['a', 'b'],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [a, b, y] = saved as [Tensor, Tensor, Tensor];
    const { activation } = attrs as unknown as { activation: string };
    // Computed at once, not in the callbacks: tfjs tidies each of those by itself.
    const [dz, dbias] = biasGradient(dy as Tensor, y, activation);
    return {
      a: () => matMul(dz, b, false, true),
      b: () => matMul(a, dz, true, false),
      bias: () => dbias,
    };
  },
});

/**
 * x [b, n] W (+ bias) -> [b, units]. Weights start normal with variance gain/n. Gain 2 is for a layer before a ReLU
 * (He et al.), 1 is the default; 1/3 is the variance of Torch's own start, uniform within 1/sqrt(n). Biases start at
 * 0.
 */
export function dense(
  units: number,
  { relu = false, gain = relu ? 2 : 1, bias = true }: { relu?: boolean; gain?: number; bias?: boolean } = {},
): LayerOf {
  return ([n]) => ({
    output: [units],
    params: [
      { name: 'weight', shape: [n!, units], init: { sd: Math.sqrt(gain / n!) } },
      ...(bias ? [{ name: 'bias', shape: [units], init: { constant: 0 } }] : []),
    ],
    state: [],
    apply([weight, offset], _state, x) {
      if (offset) return product(x, weight!, offset, relu ? 'relu' : 'linear');
      const y = matMul(x as Tensor2D, weight as Tensor2D);
      return relu ? rectify(y) : y;
    },
  });
}

/** Backends whose fused product takes stacks of matrices only, which is how tfjs's own operation calls it. */
const stacksOnly = new Set(['wasm']);

function product(a: Tensor, b: Tensor, bias: Tensor, activation: 'relu' | 'linear'): Tensor {
  const attrs = { transposeA: false, transposeB: false, activation };
  if (!stacksOnly.has(engine().backendName)) return runKernel(_FusedMatMul, { a, b, bias }, attrs)[0]!;
  const stack = (matrix: Tensor) => reshape(matrix, [1, ...matrix.shape]);
  const out = runKernel(_FusedMatMul, { a: stack(a), b: stack(b), bias }, attrs)[0]!;
  return reshape(out, out.shape.slice(1));
}

/** [b, h, w, c] -> [b, h*w*c], row-major; no copy. */
export const flatten: LayerOf = (input) => {
  const size = input.reduce((product, n) => product * n, 1);
  return { output: [size], params: [], state: [], apply: (_p, _s, x) => reshape(x, [-1, size]) as Tensor2D };
};
