/** Broadcasting with the fewest axes: neighbouring axes along which both operands behave alike are merged. */
import { backend_util, util } from '../tfjs.js';

/** Four axes, outermost first; bit k of `repeatA` says that a has 1 where the output has `sizes[k]`. */
export interface Broadcast {
  readonly shape: number[];
  readonly sizes: readonly [number, number, number, number];
  readonly repeatA: number;
  readonly repeatB: number;
}

const axes = 4;

/**
 * How to broadcast a [...] and b [...]; undefined if that takes more than four axes, or the output is empty.
 * @throws Error, tfjs's own, for shapes that cannot be broadcast
 */
export function broadcast(a: number[], b: number[]): Broadcast | undefined {
  if (util.arraysEqual(a, b)) {
    const size = util.sizeFromShape(a);
    return size === 0 ? undefined : { shape: a, sizes: [1, 1, 1, size], repeatA: 0, repeatB: 0 };
  }
  const shape = backend_util.assertAndGetBroadcastShape(a, b);
  const sizeAt = (of: number[], axis: number) => of[axis - shape.length + of.length] ?? 1;
  const merged: { size: number; a: boolean; b: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const [inA, inB] = [sizeAt(a, axis) === size, sizeAt(b, axis) === size];
    const last = merged.at(-1);
    if (last && last.a === inA && last.b === inB) last.size *= size;
    else merged.push({ size, a: inA, b: inB });
  });
  if (merged.length > axes || shape.includes(0)) return undefined;
  while (merged.length < axes) merged.unshift({ size: 1, a: true, b: true });
  const bits = (of: 'a' | 'b') => merged.reduce((sum, axis, k) => sum + (axis[of] ? 0 : 1 << k), 0);
  const sizes = merged.map(({ size }) => size) as [number, number, number, number];
  return { shape, sizes, repeatA: bits('a'), repeatB: bits('b') };
}
