/** Layer normalisation (Ba et al. 2016, https://arxiv.org/abs/1607.06450) over the last axis. */
import './gradients.js';
import {
  add,
  mean,
  mul,
  registerGradient,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '../backends/tfjs.js';
import { LayerNorm, LayerNormGrad, hasKernel, runKernel } from '../backends/kernels.js';
import type { LayerOf } from './layer.js';
import { withGradient } from './withGradient.js';

/** PyTorch's. */
const epsilon = 1e-5;

registerGradient({
  kernelName: LayerNorm,
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, true, true],
  gradFunc: (dys, saved) => {
    const [x, scale, mean, inverse] = saved as [Tensor, Tensor, Tensor, Tensor];
    const [dy] = dys as Tensor[];
    const [dx, dscale, doffset] = runKernel(LayerNormGrad, { dy: dy!, x, scale, mean, inverse });
    return { x: () => dx!, scale: () => dscale!, offset: () => doffset! };
  },
});

/** x [..., c], scale [c], offset [c] -> scale (x - mean) / sqrt(variance + 1e-5) + offset, each row by its own. */
export function layerNormOf(x: Tensor, scale: Tensor, offset: Tensor): Tensor {
  if (hasKernel(LayerNorm)) return runKernel(LayerNorm, { x, scale, offset }, { epsilon })[0]!;
  const rows = (t: Tensor) => reshape(t, [-1, scale.size]);
  return withGradient([x, scale, offset], ([x, scale, offset], save) => {
    const centred = sub(x, mean(x, -1, true));
    const inverse = rsqrt(add(mean(square(centred), -1, true), epsilon));
    const normalized = mul(centred, inverse);
    save([normalized, inverse, scale]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [normalized, inverse, scale] = saved as [Tensor, Tensor, Tensor];
      const dn = mul(dy, scale);
      const along = mul(normalized, mean(mul(dn, normalized), -1, true));
      const dx = mul(sub(sub(dn, mean(dn, -1, true)), along), inverse);
      return [dx, sum(rows(mul(dy, normalized)), 0), sum(rows(dy), 0)];
    };
    return { value: add(mul(normalized, scale), offset), gradFunc };
  });
}

/** `layerNormOf` as a layer; scale starts at 1, offset at 0. */
export const layerNorm: LayerOf = (input) => {
  const c = input.at(-1)!;
  return {
    output: input,
    params: [
      { name: 'scale', shape: [c], init: { constant: 1 } },
      { name: 'offset', shape: [c], init: { constant: 0 } },
    ],
    state: [],
    apply: ([scale, offset], _state, x) => layerNormOf(x, scale!, offset!),
  };
};
