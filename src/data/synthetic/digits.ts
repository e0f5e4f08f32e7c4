/** Handwriting-like digits in MNIST's shape: strokes, bent and tilted, of varying width, among stray marks. */
import type { Stream } from '../../random/stream.js';
import { addNoise } from './noise.js';
import { elasticWarp } from './warp.js';

const SIDE = 28;

/** Points x0, y0, x1, y1, .. of a pen stroke in about [-1, 1]^2, y downwards. */
type Stroke = readonly number[];

/** Part of an ellipse from angle `from` to `to` in degrees, clockwise on screen from the right. */
function arc(cx: number, cy: number, rx: number, ry: number, from = 0, to = 360): Stroke {
  const steps = Math.ceil(Math.abs(to - from) / 24);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  }).flat();
}

/** Straight strokes get points in between, so that they can bend. */
function line(...corners: readonly number[]): Stroke {
  const points = corners.slice(0, 2);
  for (let i = 2; i < corners.length; i += 2)
    for (let k = 1; k <= 4; k++)
      for (const axis of [0, 1])
        points.push(corners[i - 2 + axis]! + ((corners[i + axis]! - corners[i - 2 + axis]!) * k) / 4);
  return points;
}

const GLYPHS: readonly (readonly Stroke[])[] = [
  [arc(0, 0, 0.55, 0.85)],
  [line(-0.3, -0.5, 0.05, -0.85, 0.05, 0.85)],
  [[...arc(0, -0.38, 0.5, 0.47, 190, 390), ...line(0.43, -0.1, -0.5, 0.85, 0.55, 0.85)]],
  [arc(-0.05, -0.43, 0.45, 0.42, 210, 450), arc(-0.05, 0.42, 0.52, 0.43, 270, 510)],
  [line(0.25, 0.85, 0.25, -0.85, -0.55, 0.3, 0.6, 0.3)],
  [line(0.45, -0.85, -0.38, -0.85, -0.42, -0.1), arc(-0.02, 0.32, 0.52, 0.52, 218, 500)],
  [[...arc(0.42, 0.3, 0.9, 1.15, 262, 180), ...arc(0, 0.4, 0.48, 0.45, 180, 540)]],
  [line(-0.5, -0.85, 0.5, -0.85, -0.15, 0.85)],
  [arc(0, -0.43, 0.4, 0.41), arc(0, 0.42, 0.5, 0.44)],
  [arc(0, -0.38, 0.47, 0.45), line(0.47, -0.38, 0.35, 0.85)],
];

/** Draws a stroke of half-width `w` pixels and brightness `ink`, one segment after another. */
function draw(canvas: Float32Array, points: readonly number[], w: number, ink: number): void {
  for (let i = 0; i + 3 < points.length; i += 2) {
    const [ax, ay, bx, by] = [points[i]!, points[i + 1]!, points[i + 2]!, points[i + 3]!];
    const [ux, uy] = [bx - ax, by - ay];
    const length2 = ux * ux + uy * uy || 1;
    const reach = w + 1;
    const x1 = Math.min(SIDE - 1, Math.ceil(Math.max(ax, bx) + reach));
    const y1 = Math.min(SIDE - 1, Math.ceil(Math.max(ay, by) + reach));
    for (let y = Math.max(0, Math.floor(Math.min(ay, by) - reach)); y <= y1; y++)
      for (let x = Math.max(0, Math.floor(Math.min(ax, bx) - reach)); x <= x1; x++) {
        const t = Math.min(1, Math.max(0, ((x - ax) * ux + (y - ay) * uy) / length2));
        const d = Math.sqrt((x - ax - t * ux) ** 2 + (y - ay - t * uy) ** 2);
        const cover = ink * Math.min(1, Math.max(0, w + 0.5 - d));
        if (cover > canvas[y * SIDE + x]!) canvas[y * SIDE + x] = cover;
      }
  }
}

/** The map from glyph coordinates to pixels: elastic warp, then rotation, slant, scale and shift. */
function placement(random: Stream): (stroke: Stroke) => number[] {
  const warp = elasticWarp(0.14, random);
  const turn = 0.17 * random.normal();
  const slant = 0.2 * random.normal();
  const sx = 8 + 3.5 * random.uniform();
  const sy = 9 + 3 * random.uniform();
  const cx = 13.5 + 1.4 * random.normal();
  const cy = 13.5 + 1.2 * random.normal();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return (stroke) => {
    const out: number[] = [];
    for (let i = 0; i < stroke.length; i += 2) {
      const [x0, y0] = [stroke[i]!, stroke[i + 1]!];
      const x = sx * (x0 + warp.dx(x0, y0) - slant * y0);
      const y = sy * (y0 + warp.dy(x0, y0));
      out.push(cx + cos * x - sin * y, cy + sin * x + cos * y);
    }
    return out;
  };
}

/** Short stray marks, which say nothing about the class. */
function drawMarks(canvas: Float32Array, random: Stream): void {
  const marks = random.integer(0, 2);
  for (let m = 0; m < marks; m++) {
    const x = SIDE * random.uniform();
    const y = SIDE * random.uniform();
    const points = [x, y, x + 4 * random.normal(), y + 4 * random.normal()];
    draw(canvas, points, 0.4 + 0.8 * random.uniform(), 0.4 + 0.6 * random.uniform());
  }
}

/** Draws one image of class `digit`, values about 0 to 1, over `canvas` [28, 28, 1]. */
export function drawDigit(digit: number, canvas: Float32Array, random: Stream): void {
  canvas.fill(0);
  const place = placement(random);
  const width = 0.5 + 1.1 * random.uniform();
  const ink = 0.65 + 0.35 * random.uniform();
  for (const stroke of GLYPHS[digit]!) draw(canvas, place(stroke), width, ink);
  drawMarks(canvas, random);
  addNoise(canvas, 0.03 + 0.12 * random.uniform(), random);
}
