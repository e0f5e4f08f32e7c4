/** The look that all figures share. */
import type { TopLevelSpec } from 'vega-lite';

/** What PNGs are drawn with, and SVGs where it is installed. */
export const FONT = 'DejaVu Sans';

/** The common look: readable in print and on a phone, on white. */
const CONFIG = {
  background: 'white',
  font: `${FONT}, Verdana, sans-serif`,
  padding: 12,
  axis: { labelFontSize: 13, titleFontSize: 14, titleFontWeight: 'normal', grid: true, gridColor: '#e4e4e4', labelColor: '#222', titleColor: '#111', domainColor: '#555', tickColor: '#555', titlePadding: 8 },
  legend: { labelFontSize: 13, titleFontSize: 13, titleFontWeight: 'normal', labelLimit: 220, titleLimit: 300, symbolSize: 130, symbolStrokeWidth: 2.5 },
  title: { fontSize: 15, fontWeight: 'bold', anchor: 'start', subtitleFontSize: 12.5, subtitleColor: '#444', subtitlePadding: 6, offset: 10 },
  view: { stroke: '#999' },
} as const; // prettier-ignore

/** The spec with the shared look filled in: what is written as `.vl.json`. */
export function styled(spec: object): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    config: CONFIG,
    ...spec,
  } as TopLevelSpec;
}
