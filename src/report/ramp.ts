/**
 * The one colour ramp of terminal, page and figures: viridis, which the colour-blind can read and whose lightness
 * rises evenly, so that it survives a black-and-white printer. Low error is light, high error dark.
 */

/** Nine even stops of viridis (Smith & van der Walt, matplotlib, CC0), dark to light. */
const STOPS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
] as const;

export type Rgb = readonly [number, number, number];

/** Colour at `t` in [0, 1], 0 the best (light yellow), 1 the worst (dark violet). */
export function rampColor(t: number): Rgb {
  const x = (1 - Math.min(1, Math.max(0, t))) * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(x));
  const [a, b] = [STOPS[i]!, STOPS[i + 1]!];
  const mix = (k: 0 | 1 | 2): number => Math.round(a[k] + (b[k] - a[k]) * (x - i));
  return [mix(0), mix(1), mix(2)];
}

/** Whether black text on the colour reads better than white (relative luminance, WCAG 2). */
export function isLight([r, g, b]: Rgb): boolean {
  const linear = (v: number): number =>
    v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) > 0.179;
}

/** `#rrggbb`. */
export function hex(color: Rgb): string {
  return '#' + color.map((v) => v.toString(16).padStart(2, '0')).join('');
}

/** Stops for a continuous scale, from low error to high. */
export function rampStops(): string[] {
  return STOPS.toReversed().map((stop) => hex(stop));
}

/** Nearest entry of the terminal's 6x6x6 colour cube (xterm colours 16 to 231). */
export function xterm256([r, g, b]: Rgb): number {
  const level = (v: number): number => (v < 48 ? 0 : v < 115 ? 1 : Math.min(5, Math.floor((v - 35) / 40)));
  return 16 + 36 * level(r) + 6 * level(g) + level(b);
}
