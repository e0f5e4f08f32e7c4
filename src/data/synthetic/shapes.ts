/** Coloured shapes on textures in CIFAR's shape: colour and texture say nothing of the class, only form does. */
import type { Stream } from '../../random/stream.js';
import { addNoise } from './noise.js';
import { elasticWarp } from './warp.js';

const SIDE = 32;

/** About the signed distance to a shape's outline, in the shape's own units; negative inside. */
type Outline = (x: number, y: number) => number;

const hypot = (x: number, y: number) => Math.sqrt(x * x + y * y);
const FIFTH = (2 * Math.PI) / 5;

/** A five-pointed star: fold the plane into half a point, then the distance to its one edge. */
function star(x: number, y: number): number {
  const angle = Math.atan2(x, -y);
  const folded = Math.abs(angle - FIFTH * Math.round(angle / FIFTH));
  const r = hypot(x, y);
  const [px, py] = [r * Math.cos(folded), r * Math.sin(folded)];
  // The edge runs from the tip (1, 0) to the notch at radius 0.42 and half a fifth.
  const [ex, ey] = [0.42 * Math.cos(FIFTH / 2) - 1, 0.42 * Math.sin(FIFTH / 2)];
  return ((px - 1) * -ey + py * ex) / -hypot(ex, ey);
}

/** The ten classes, in order. */
const OUTLINES: readonly (readonly [string, Outline])[] = [
  ['disc', (x, y) => hypot(x, y) - 0.8],
  ['ring', (x, y) => Math.abs(hypot(x, y) - 0.68) - 0.2],
  ['square', (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.72],
  ['frame', (x, y) => Math.abs(Math.max(Math.abs(x), Math.abs(y)) - 0.62) - 0.17],
  ['triangle', (x, y) => Math.max(0.866 * Math.abs(x) - 0.5 * y, y) - 0.48],
  [
    'plus',
    (x, y) => {
      const [a, b] = [Math.abs(x), Math.abs(y)];
      return Math.min(Math.max(a - 0.25, b - 0.9), Math.max(b - 0.25, a - 0.9));
    },
  ],
  ['star', star],
  ['crescent', (x, y) => Math.max(hypot(x + 0.1, y) - 0.85, 0.7 - hypot(x - 0.35, y))],
  ['hourglass', (x, y) => Math.max(Math.abs(y) - 0.8, Math.abs(x) - 0.75 * Math.abs(y) - 0.08)],
  ['bars', (x, y) => Math.max(Math.abs(Math.abs(x) - 0.48) - 0.2, Math.abs(y) - 0.82)],
];

/** A colour that waves over the plane: base + two plane waves, each along its own colour direction. */
interface Texture {
  readonly base: readonly number[];
  /** Per wave: frequency x, y (radians per pixel), phase, and amplitude of red, green, blue. */
  readonly waves: readonly (readonly number[])[];
}

function texture(base: readonly number[], amplitude: number, random: Stream): Texture {
  const wave = () => {
    const angle = 2 * Math.PI * random.uniform();
    const frequency = 0.15 + 1.1 * random.uniform();
    const [fx, fy] = [frequency * Math.cos(angle), frequency * Math.sin(angle)];
    return [fx, fy, 2 * Math.PI * random.uniform(), ...base.map(() => amplitude * random.normal())];
  };
  return { base, waves: [wave(), wave()] };
}

/** Adds `weight` times the texture's colour at pixel (x, y) to `canvas[at..at+2]`. */
function paint(
  canvas: Float32Array,
  at: number,
  { base, waves }: Texture,
  x: number,
  y: number,
  weight: number,
) {
  let [r, g, b] = [base[0]!, base[1]!, base[2]!];
  for (const w of waves) {
    const s = Math.sin(w[0]! * x + w[1]! * y + w[2]!);
    r += s * w[3]!;
    g += s * w[4]!;
    b += s * w[5]!;
  }
  canvas[at] = canvas[at]! + weight * r;
  canvas[at + 1] = canvas[at + 1]! + weight * g;
  canvas[at + 2] = canvas[at + 2]! + weight * b;
}

/** The ground's colour and the shape's: any two hues, the shape the lighter of them. */
function colours(random: Stream): [number[], number[]] {
  const draw = (low: number, high: number) => [0, 1, 2].map(() => low + (high - low) * random.uniform());
  return [draw(0.05, 0.55), draw(0.4, 0.95)];
}

/** The outline in pixels: elastic warp, rotation, squeeze, scale and shift of the class's shape. */
function placed(outline: Outline, random: Stream): Outline {
  const warp = elasticWarp(0.1, random);
  const turn = 0.2 * random.normal();
  const scale = 9 + 4 * random.uniform();
  const squeeze = Math.exp(0.1 * random.normal());
  const cx = 15.5 + 1.5 * random.normal();
  const cy = 15.5 + 1.5 * random.normal();
  const [cos, sin] = [Math.cos(turn) / scale, Math.sin(turn) / scale];
  return (px, py) => {
    const [ox, oy] = [px - cx, py - cy];
    const x = (cos * ox + sin * oy) * squeeze;
    const y = (cos * oy - sin * ox) / squeeze;
    return scale * outline(x + warp.dx(x, y), y + warp.dy(x, y));
  };
}

/** A band across the image which hides what is behind it. */
function band(random: Stream): Outline {
  const angle = 2 * Math.PI * random.uniform();
  const [nx, ny] = [Math.cos(angle), Math.sin(angle)];
  const offset = 14 * (2 * random.uniform() - 1);
  const half = random.uniform() < 0.4 ? 0.7 + 1 * random.uniform() : -1;
  return (x, y) => Math.abs((x - 15.5) * nx + (y - 15.5) * ny - offset) - half;
}

/** Share of a pixel that lies inside, from the distance to the outline in pixels. */
const cover = (distance: number) => Math.min(1, Math.max(0, 0.5 - distance));

/** Draws one image of class `shape`, values about 0 to 1, over `canvas` [32, 32, 3]. */
export function drawShape(shape: number, canvas: Float32Array, random: Stream): void {
  canvas.fill(0);
  const [groundColour, shapeColour] = colours(random);
  const ground = texture(groundColour, 0.06, random);
  const filling = texture(shapeColour, 0.05, random);
  const cross = texture([random.uniform(), random.uniform(), random.uniform()], 0.05, random);
  const outline = placed(OUTLINES[shape]![1], random);
  const hiding = band(random);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const at = (y * SIDE + x) * 3;
      const front = cover(hiding(x, y));
      const inside = (1 - front) * cover(outline(x, y));
      const rest = 1 - front - inside;
      if (front > 0) paint(canvas, at, cross, x, y, front);
      if (inside > 0) paint(canvas, at, filling, x, y, inside);
      if (rest > 0) paint(canvas, at, ground, x, y, rest);
    }
  addNoise(canvas, 0.02 + 0.06 * random.uniform(), random);
}
