/** From records to a folder of results: CSV files, figures and the page, each written whole. */
import { dirname, join } from 'node:path';
import { writeAtomically } from '../files/atomic.js';
import { makeFolder } from '../files/folder.js';
import { sentenceFor } from '../files/problem.js';
import { confirmationHtml } from './confirmation.js';
import { confirmationCsv, decouplingCsv, epochsCsvChunks, runsCsvChunks, stepsCsv } from './csv/index.js';
import { ReportError } from './error.js';
import { analyse, type Analysed, type ReportInput } from './input.js';
import { pageData } from './page/data.js';
import { escapeHtml, type PageFigure, renderPage } from './page/html.js';

/** A file's content. */
type Pieces = Iterable<string | Uint8Array>;

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
  const confirmation = analysed.confirmation ? confirmationHtml(analysed.confirmation, escapeHtml) : '';
  return renderPage(data, {
    title,
    description,
    command,
    config: experiment,
    manifest,
    figures,
    live,
    confirmation,
  });
}

/**
 * Writes runs.csv, epochs.csv, decoupling.csv, confirmation.csv where cells are confirmed, steps.csv of equations, figures/*.svg, *.png, *.vl.json
 * and report.html into `dir`, replacing what is there. Returns their paths, in that order. Throws ReportError if a file
 * cannot be written.
 * `keepDrawn`: figures that `dir` has already, drawn from the same content, stay as they are.
 */
export async function writeReport(
  dir: string,
  input: ReportInput,
  { figures: drawn = true, keepDrawn = false } = {},
): Promise<string[]> {
  const analysed = analyse(input);
  const paths: string[] = [];
  const write = async (name: string, pieces?: Pieces | Promise<Pieces>): Promise<void> => {
    const path = join(dir, ...name.split('/'));
    paths.push(path);
    if (pieces) await writeOrExplain(path, await pieces);
  };
  const { records, confirmationRecords: fresh, confirmation, decoupling } = analysed;
  await write('runs.csv', runsCsvChunks(records, fresh));
  await write('epochs.csv', epochsCsvChunks(records, fresh));
  await write('decoupling.csv', [decouplingCsv(decoupling, confirmation)]);
  if (confirmation) await write('confirmation.csv', [confirmationCsv(confirmation, fresh)]);
  if (decoupling.steps) await write('steps.csv', [stepsCsv(decoupling.steps, confirmation?.steps)]);
  if (!drawn) return paths;
  const { drawFigures } = await import('./figures/draw.js');
  const figures = await drawFigures(analysed, {
    keepIn: keepDrawn ? dir : undefined,
    write: (name, piece) =>
      write(name, piece && (typeof piece === 'string' ? [piece] : piece.then((png) => [png]))),
  });
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
