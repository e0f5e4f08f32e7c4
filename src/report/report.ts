/** From records to a folder of results: CSV files, figures and the page, each written whole. */
import { dirname, join } from 'node:path';
import { writeAtomically } from '../files/atomic.js';
import { makeFolder } from '../files/folder.js';
import { sentenceFor } from '../files/problem.js';
import { decouplingCsv, epochsCsvChunks, runsCsv } from './csv.js';
import { ReportError } from './error.js';
import { analyse, type Analysed, type ReportInput } from './input.js';
import { pageData } from './page/data.js';
import { type PageFigure, renderPage } from './page/html.js';

/** The page draws these itself, interactively. */
const DRAWN_BY_PAGE = new Set(['heatmaps']);

/** report.html as text. */
export function reportHtml(analysed: Analysed, figures: readonly PageFigure[], live = false): string {
  const { input, records, decoupling, verdict, title } = analysed;
  const { experiment, planned, command, manifest } = input;
  const data = pageData({
    records,
    experiment,
    decoupling,
    verdict,
    ...(planned === undefined ? {} : { planned }),
  });
  const description = experiment?.description ?? '';
  return renderPage(data, { title, description, command, config: experiment, manifest, figures, live });
}

/** Renders each figure, hands its files to `write`, and returns those that the page shows. */
async function drawFigures(
  { records, decoupling }: Analysed,
  write: (name: string, piece: string | Uint8Array) => Promise<void>,
): Promise<PageFigure[]> {
  // Loaded here, as vega takes half a second that `adamw-bench run` need not wait for at its start.
  const { figureInput, figuresOf, pngRenderer, renderSvg, styled } = await import('./figures/index.js');
  const png = await pngRenderer();
  const shown: PageFigure[] = [];
  for (const { name, title, caption, spec } of figuresOf(figureInput(records, decoupling))) {
    const whole = styled(spec);
    const svg = await renderSvg(whole);
    await write(`figures/${name}.vl.json`, JSON.stringify(whole, null, 1) + '\n');
    await write(`figures/${name}.svg`, svg);
    if (png !== null) await write(`figures/${name}.png`, png(svg));
    if (!DRAWN_BY_PAGE.has(name)) shown.push({ title, caption, svg });
  }
  return shown;
}

/**
 * Writes runs.csv, epochs.csv, decoupling.csv, figures/*.svg, *.png, *.vl.json and report.html into `dir`, replacing
 * what is there. Returns the paths written, in that order. Throws ReportError if a file cannot be written.
 */
export async function writeReport(
  dir: string,
  input: ReportInput,
  { figures: drawn = true } = {},
): Promise<string[]> {
  const analysed = analyse(input);
  const paths: string[] = [];
  const write = async (name: string, pieces: Iterable<string | Uint8Array>): Promise<void> => {
    const path = join(dir, ...name.split('/'));
    await writeOrExplain(path, pieces);
    paths.push(path);
  };
  await write('runs.csv', [runsCsv(analysed.records)]);
  await write('epochs.csv', epochsCsvChunks(analysed.records));
  await write('decoupling.csv', [decouplingCsv(analysed.decoupling)]);
  if (!drawn) return paths;
  const figures = await drawFigures(analysed, (name, piece) => write(name, [piece]));
  await write('report.html', [reportHtml(analysed, figures)]);
  return paths;
}

/** @throws ReportError naming the path where the disk refuses. */
async function writeOrExplain(path: string, pieces: Iterable<string | Uint8Array>): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeAtomically(path, pieces);
  } catch (cause) {
    const why = sentenceFor(path, cause);
    if (why === undefined) throw cause;
    throw new ReportError(why, { cause, remedy: 'Check that the folder is writable and the disk not full.' });
  }
}
