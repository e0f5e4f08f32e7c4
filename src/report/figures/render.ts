/**
 * Vega-Lite spec -> SVG, without a browser. Nothing is loaded from anywhere: data are inline, the loader refuses, and
 * expressions run in vega's interpreter.
 */
import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';

const refuse = (): Promise<never> =>
  Promise.reject(new Error('A figure tried to load a file or URL; figures carry their data inside.'));

/** A loader that loads nothing. */
function sealedLoader(): vega.Loader {
  return { ...vega.loader(), load: refuse, sanitize: refuse, http: refuse, file: refuse };
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
