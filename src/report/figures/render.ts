/**
 * Vega-Lite spec -> SVG, without a browser. Nothing is loaded from anywhere: data are inline, the loader refuses, and
 * expressions run in vega's interpreter.
 */
import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';

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

const refuse = (): Promise<never> =>
  Promise.reject(new Error('A figure tried to load a file or URL; figures carry their data inside.'));

/** A loader that loads nothing. */
function sealedLoader(): vega.Loader {
  return { ...vega.loader(), load: refuse, sanitize: refuse, http: refuse, file: refuse };
}

/** The spec with the shared look filled in: what is written as `.vl.json`. */
export function styled(spec: object): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    config: CONFIG,
    ...spec,
  } as TopLevelSpec;
}

/** SVG text of a Vega-Lite spec with inline data. Throws if the spec is invalid. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const compiled = compile(spec, { logger: vega.logger(vega.Error) }).spec;
  const runtime = vega.parse(compiled, undefined, { ast: true });
  const view = new vega.View(runtime, {
    renderer: 'none',
    loader: sealedLoader(),
    logger: vega.logger(vega.Error),
    expr: expressionInterpreter,
  });
  try {
    // Gradient ids increase from figure to figure; restarting them keeps equal figures equal files.
    vega.resetSVGDefIds();
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
