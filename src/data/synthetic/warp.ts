/** A smooth random displacement of the plane: the elastic part of the generators' deformations. */
import type { Stream } from '../../random/stream.js';

const NODES = 4;

/** Where a point goes, in the units of its coordinates. */
export interface Warp {
  dx(x: number, y: number): number;
  dy(x: number, y: number): number;
}

/** Values at NODES x NODES points over [-1.5, 1.5]^2, blended by smoothstep in between, held constant outside. */
function field(values: Float64Array): (x: number, y: number) => number {
  return (x, y) => {
    const gx = Math.min(Math.max(x + 1.5, 0), 2.999);
    const gy = Math.min(Math.max(y + 1.5, 0), 2.999);
    const ix = gx | 0;
    const iy = gy | 0;
    const fx = gx - ix;
    const fy = gy - iy;
    const sx = fx * fx * (3 - 2 * fx);
    const sy = fy * fy * (3 - 2 * fy);
    const at = iy * NODES + ix;
    const top = values[at]! + sx * (values[at + 1]! - values[at]!);
    const low = values[at + NODES]! + sx * (values[at + NODES + 1]! - values[at + NODES]!);
    return top + sy * (low - top);
  };
}

/** A displacement whose standard deviation at the nodes is `sigma`; coordinates are in about [-1, 1]. */
export function elasticWarp(sigma: number, random: Stream): Warp {
  const nodes = () => Float64Array.from({ length: NODES * NODES }, () => sigma * random.normal());
  return { dx: field(nodes()), dy: field(nodes()) };
}
