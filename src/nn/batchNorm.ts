/**
 * Batch normalisation (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167) with the residual sum and the ReLU that
 * follow it in a residual block, as one operation. A backend with a kernel for it makes one pass instead of a dozen.
 * The composition below is the specification.
 */
import './gradients.js';
import {
  add,
  batchNorm as normalize,
  dispose,
  keep,
  mean,
  mul,
  registerGradient,
  relu as rectify,
  reshape,
  rsqrt,
  square,
  step,
  sub,
  tidy,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '../backends/tfjs.js';
import { BatchNormTrain, BatchNormTrainGrad, hasKernel, runKernel } from '../backends/kernels.js';
import type { Layer, Pass, Shape } from './layer.js';
import { withGradient } from './withGradient.js';

const epsilon = 1e-5;

interface Normalized {
  readonly y: Tensor;
  readonly mean: Tensor1D;
  /** Biased: divided by n. */
  readonly variance: Tensor1D;
}

registerGradient({
  kernelName: BatchNormTrain,
  inputsToSave: ['x', 'scale'],
  outputsToSave: [true, true, true, true, true, true],
  gradFunc: (dys, saved, attrs) => {
    const [x, scale, y, mean, variance, ...kept] = saved as [Tensor, Tensor1D, Tensor, Tensor1D, Tensor1D];
    const { relu, residual } = attrs as unknown as { relu: boolean; residual: boolean };
    const [dy] = dys as Tensor[];
    const [dx, dscale, doffset, dresidual] = runKernel(
      BatchNormTrainGrad,
      { dy: dy!, x, y, scale, mean, variance, ...numbered(kept) },
      { epsilon, relu, residual },
    );
    // Disposed of at once, as in conv.ts: these are most of a network's memory.
    dispose([dy!, ...saved]);
    const gradients = { x: () => dx!, scale: () => dscale!, offset: () => doffset! };
    return residual ? { ...gradients, residual: () => dresidual! } : gradients;
  },
});

const numbered = (kept: readonly Tensor[]) =>
  Object.fromEntries(kept.map((tensor, i) => [`kept${i}`, tensor]));

function fused(x: Tensor, scale: Tensor, offset: Tensor, relu: boolean, residual?: Tensor): Normalized {
  const inputs = residual ? { x, scale, offset, residual } : { x, scale, offset };
  const attrs = { epsilon, relu, residual: residual !== undefined };
  const [y, mean, variance] = runKernel(BatchNormTrain, inputs, attrs);
  return { y: y!, mean: mean as Tensor1D, variance: variance as Tensor1D };
}

/** The specification: y = relu(scale (x - mean)/sqrt(variance + eps) + offset + residual), and its gradient. */
function composed(x: Tensor, scale: Tensor, offset: Tensor, relu: boolean, residual?: Tensor): Normalized {
  const channels = scale.size;
  const rows = (t: Tensor) => reshape(t, [-1, channels]);
  let seen: { mean: Tensor1D; variance: Tensor1D } | undefined;
  const inputs: readonly [Tensor, Tensor, Tensor, Tensor?] = residual
    ? [x, scale, offset, residual]
    : [x, scale, offset];
  const y = withGradient(inputs as readonly Tensor[], (given, save) => {
    const [x, scale, offset, residual] = given as typeof inputs;
    const mu = mean(rows(x), 0) as Tensor1D;
    const centred = sub(x, mu);
    const variance = mean(square(rows(centred)), 0) as Tensor1D;
    const inverse = rsqrt(add(variance, epsilon));
    const normalized = mul(centred, inverse);
    let y = add(mul(normalized, scale), offset);
    if (residual) y = add(y, residual);
    if (relu) y = rectify(y);
    seen = { mean: keep(mu), variance: keep(variance) };
    save([normalized, inverse, scale, y]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [normalized, inverse, scale, y] = saved as [Tensor, Tensor, Tensor, Tensor];
      const dz = relu ? mul(dy, step(y)) : dy;
      const n = dz.size / channels;
      const meanDz = mean(rows(dz), 0);
      const meanDzX = mean(mul(rows(dz), rows(normalized)), 0);
      const dx = mul(sub(sub(dz, meanDz), mul(normalized, meanDzX)), mul(scale, inverse));
      const gradients = [dx, mul(meanDzX, n), mul(meanDz, n)];
      return residual ? [...gradients, dz] : gradients;
    };
    return { value: y, gradFunc };
  });
  return { y, ...seen! };
}

/**
 * Batch normalisation by the batch's own statistics over all axes but the last, then `+ residual`, then ReLU.
 * `mean` and `variance` (biased), of length c, are kept tensors: the caller disposes of them.
 */
export function batchNormTrain(
  x: Tensor,
  scale: Tensor,
  offset: Tensor,
  options: { relu: boolean; residual?: Tensor | undefined },
): Normalized {
  const compute = hasKernel(BatchNormTrain) ? fused : composed;
  const out = compute(x, scale, offset, options.relu, options.residual);
  keep(out.mean);
  keep(out.variance);
  return out;
}

/** A batch-norm layer whose `apply` also takes the residual to be added before the ReLU. */
export interface BatchNormLayer extends Layer {
  apply(
    params: readonly Tensor[],
    state: readonly Tensor1D[],
    x: Tensor,
    pass: Pass,
    residual?: Tensor,
  ): Tensor;
}

/**
 * Batch norm over the last axis; scale starts at 1, offset at 0. Running statistics are those of PyTorch:
 * exponential averages with rate 0.1, of the mean and of the unbiased variance.
 */
export function batchNorm({ relu = false } = {}): (input: Shape) => BatchNormLayer {
  return (input) => {
    const c = input[input.length - 1]!;
    return {
      output: input,
      params: [
        { name: 'scale', shape: [c], init: { constant: 1 } },
        { name: 'offset', shape: [c], init: { constant: 0 } },
      ],
      state: [
        { name: 'mean', size: c, initial: 0 },
        { name: 'variance', size: c, initial: 1 },
      ],
      apply([scale, offset], [runningMean, runningVariance], x, pass, residual) {
        if (!pass.training) {
          return tidy(() => {
            const y = normalize(
              x as Tensor4D,
              runningMean!,
              runningVariance!,
              offset as Tensor1D,
              scale as Tensor1D,
              epsilon,
            );
            const sum = residual ? add(y, residual) : y;
            return relu ? rectify(sum) : sum;
          });
        }
        const { y, mean, variance } = batchNormTrain(x, scale!, offset!, { relu, residual });
        const n = x.size / c;
        const unbiased = tidy(() => keep(mul(variance, n / Math.max(n - 1, 1)) as Tensor1D));
        variance.dispose();
        pass.observe({ mean, variance: unbiased });
        return y;
      },
    };
  };
}
