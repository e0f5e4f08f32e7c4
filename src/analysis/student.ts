/** Quantiles of Student's t distribution, for the intervals about a fitted line. */
import { bisect } from 'simple-statistics';

/** P(|T| <= t) for integer degrees of freedom: the finite sums of Abramowitz & Stegun 26.7.3 and 26.7.4. */
function centralProbability(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const odd = freedom % 2 === 1;
  let term = odd ? cos : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= ((k - 1) / k) * cos * cos;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sin * sum) : sin * sum;
}

/** The t for which P(|T| <= t) = level (0 < level < 1), for integer degrees of freedom of at least 1. */
export function tQuantile(level: number, freedom: number): number {
  // Substitutes the angle for t: it is bounded, whatever the tails.
  const excess = (angle: number) => centralProbability(Math.sqrt(freedom) * Math.tan(angle), freedom) - level;
  return Math.sqrt(freedom) * Math.tan(bisect(excess, 0, Math.PI / 2 - 1e-12, 200, 1e-12));
}
