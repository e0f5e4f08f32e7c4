/** GELU (Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415) in its form with tanh, as in GPT-2. */
import './gradients.js';
import { add, mul, registerGradient, square, sub, tanh, type Tensor } from '../backends/tfjs.js';
import { Gelu, GeluGrad, hasKernel, runKernel } from '../backends/kernels.js';
import type { LayerOf } from './layer.js';
import { withGradient } from './withGradient.js';

const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

registerGradient({
  kernelName: Gelu,
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => ({ x: () => runKernel(GeluGrad, { dy: dy as Tensor, x: x! })[0]! }),
});

/** tanh(sqrt(2/pi) (x + 0.044715 x^3)) */
const inner = (x: Tensor): Tensor => tanh(mul(mul(x, add(mul(square(x), CUBIC), 1)), ROOT));

/** x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, elementwise. */
export function geluOf(x: Tensor): Tensor {
  if (hasKernel(Gelu)) return runKernel(Gelu, { x })[0]!;
  return withGradient([x], ([x], save) => {
    save([x]);
    const gradFunc = (dy: Tensor, [x]: Tensor[]) => {
      const t = inner(x!);
      const slope = mul(add(mul(square(x!), 3 * CUBIC), 1), ROOT);
      const derivative = add(add(t, 1), mul(mul(x!, sub(1, square(t))), slope));
      return mul(dy, mul(derivative, 0.5));
    };
    return { value: mul(mul(x, add(inner(x), 1)), 0.5), gradFunc };
  });
}

/** `geluOf` as a layer. */
export const gelu: LayerOf = (input) => ({
  output: input,
  params: [],
  state: [],
  apply: (_params, _state, x) => geluOf(x),
});
