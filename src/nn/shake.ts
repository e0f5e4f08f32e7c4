/**
 * The mix of a Shake-Shake block (Gastaldi 2017, https://arxiv.org/abs/1705.07485). One random share blends two
 * branches in the forward pass, another one in the backward pass: on purpose, the gradient is not that of the value.
 */
import './gradients.js';
import { add, mul, sub, tensor4d, tidy, type Tensor, type Tensor4D } from '../backends/tfjs.js';
import type { Stream } from '../random/stream.js';
import type { DrawnNumbers } from './layer.js';
import { withGradient } from './withGradient.js';

/** Numbers, or a function that makes them a tensor [count, 1, 1, 1]. */
type Share = Float32Array | (() => Tensor4D);

/** The first branch's share: one for each image of a batch, or (length 1) one for all. */
export interface Shares {
  readonly forward: Share;
  readonly backward: Share;
}

/** Independent shares, uniform in [0, 1): `count` for the forward pass (alpha), then as many for the backward (beta). */
export function drawShares(random: Stream, count: number): Record<keyof Shares, Float32Array> {
  const draw = () => Float32Array.from({ length: count }, () => random.uniform());
  return { forward: draw(), backward: draw() };
}

/** The same shares where their numbers were drawn before the pass, in the same order. */
export const drawnShares = (drawn: DrawnNumbers, count: number): Shares => ({
  forward: drawn(count),
  backward: drawn(count),
});

/**
 * alpha first + (1 - alpha) second + skip, all [b, h, w, c]. Backwards, `first` receives beta dy, `second`
 * (1 - beta) dy and `skip` dy.
 */
export function shake(first: Tensor, second: Tensor, skip: Tensor, { forward, backward }: Shares): Tensor {
  return withGradient([first, second, skip], ([first, second, skip]) => {
    const value = add(add(mul(sub(first, second), column(forward)), second), skip);
    const gradFunc = (dy: Tensor) => {
      const dfirst = mul(dy, column(backward));
      return [dfirst, sub(dy, dfirst), dy];
    };
    return { value, gradFunc };
  });
}

/** What `shake` is on average, for evaluation: (first + second)/2 + skip. */
export const even = (first: Tensor, second: Tensor, skip: Tensor): Tensor =>
  tidy(() => add(mul(add(first, second), 0.5), skip));

const column = (share: Share) =>
  typeof share === 'function' ? share() : tensor4d(share, [share.length, 1, 1, 1]);
