/**
 * Figures as files. vega and resvg take half a second to load and a tenth for each figure, so they are loaded only
 * where a figure has to be drawn.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Analysed } from '../input.js';
import type { PageFigure } from '../page/html.js';
import { figureInput, figuresOf, styled } from './index.js';

/** The page draws these itself, interactively. */
const DRAWN_BY_PAGE = new Set(['heatmaps']);

export interface DrawOptions {
  /** Where an earlier report is whose figures of the same content are kept as they are; absent: all are drawn. */
  readonly keepIn?: string | undefined;
  /** Takes a file's content, now or later, or what is there already where that is undefined. */
  write(name: string, piece: string | Promise<Uint8Array> | undefined): Promise<void>;
}

/** Draws each figure, hands its files to `write`, and returns those that the page shows. */
export async function drawFigures(
  { records, decoupling, confirmation }: Analysed,
  { keepIn, write }: DrawOptions,
): Promise<PageFigure[]> {
  const shown: PageFigure[] = [];
  const pictures: Promise<void>[] = [];
  for (const { name, title, caption, spec } of figuresOf(
    figureInput(records, decoupling, confirmation?.steps),
  )) {
    const whole = styled(spec);
    const source = JSON.stringify(whole, null, 1) + '\n';
    const kept = keepIn === undefined ? undefined : await drawnFrom(source, join(keepIn, 'figures', name));
    await write(`figures/${name}.vl.json`, kept === undefined ? source : undefined);
    // One after the other: `vega` names gradients by a counter of its own.
    const svg = kept ?? (await (await import('./render.js')).renderSvg(whole));
    await write(`figures/${name}.svg`, kept === undefined ? svg : undefined);
    const png = kept === undefined ? (await pngOf())?.(svg) : undefined;
    // They are drawn and written while the next figure is made.
    if (kept !== undefined || png !== undefined) pictures.push(write(`figures/${name}.png`, png));
    pictures.at(-1)?.catch(() => undefined);
    if (!DRAWN_BY_PAGE.has(name)) shown.push({ title, caption, svg });
  }
  await Promise.all(pictures);
  return shown;
}

/** Loads what figures are drawn with, for a caller that will draw soon and waits meanwhile. Never fails. */
export async function preloadDrawing(): Promise<void> {
  await Promise.allSettled([
    import('./render.js'),
    import('./png.js').then(({ pngRenderer }) => pngRenderer()),
  ]);
}

const pngOf = async () => (await import('./png.js')).pngRenderer();

/** The SVG that was drawn from this source, with its PNG; undefined where one is not there or older than its source. */
async function drawnFrom(source: string, path: string): Promise<string | undefined> {
  try {
    if ((await readFile(`${path}.vl.json`, 'utf8')) !== source) return undefined;
    // They are written one after the other, each whole.
    const [first, second, third] = await Promise.all(
      ['vl.json', 'svg', 'png'].map(async (ending) => (await stat(`${path}.${ending}`)).mtimeMs),
    );
    if (second! < first! || third! < second!) return undefined;
    return await readFile(`${path}.svg`, 'utf8');
  } catch {
    // Whatever is the matter with it: it is drawn anew.
    return undefined;
  }
}
