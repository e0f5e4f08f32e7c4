/** Colour by error, or by loss: the scale that all figures share with the page and the terminal. */
import type { MeasureWords } from '../measure.js';
import { rampStops } from '../ramp.js';
import { scaleLabels, type ErrorRange } from '../scale.js';

/** The encoding of the field `error` on a logarithmic scale. The legend names both ends of the scale. */
export function errorColor(range: ErrorRange, { axis, scale }: MeasureWords): object {
  return {
    field: 'error',
    type: 'quantitative',
    scale: {
      type: 'log',
      domain: [range.low * scale, range.high * scale],
      range: rampStops(),
      // As in the page and the terminal: the colours between two stops are mixed as red, green and blue.
      interpolate: 'rgb',
      clamp: true,
    },
    legend: {
      title: axis,
      gradientLength: 180,
      values: scaleLabels(range, scale).map(({ error }) => error * scale),
      // With `format`, Vega would leave out those far from a power of ten.
      labelExpr: "format(datum.value, '.3~g')",
    },
  };
}
