/** Notices at the end of a command about what it could not do. */
import type { RunRecord } from '../experiment/record.js';

/**
 * A line if some finished cells have no weights: they could not be written, or were trained without --keep-weights.
 * `files`: the contents of the folder of weights.
 */
export function weightsNotice(
  records: readonly RunRecord[],
  files: readonly string[],
  folder: string,
): string | undefined {
  const there = new Set(files);
  const good = records.filter(({ status }) => status === 'ok');
  const without = good.filter(({ cell }) => !there.has(`${cell.id}.safetensors`));
  return without.length > 0
    ? `note: no weights of ${without.length} of ${good.length} cells are in ${folder}: they could not be written, or the cells were trained without --keep-weights. To have them, train those cells again, into another folder with --out.`
    : undefined;
}

/** A line if figures were drawn but no PNGs, because resvg has no binary here. `paths`: the files written. */
export function pngNotice(paths: readonly string[]): string | undefined {
  const has = (ending: string) => paths.some((path) => path.endsWith(ending));
  return has('.svg') && !has('.png')
    ? 'note: no PNGs, as @resvg/resvg-js has no binary here; the figures are there as SVG. Where npm left out optional dependencies, install again with: npm install --include=optional'
    : undefined;
}
