/**
 * SVG -> PNG by resvg, with the fonts of an npm package, so that pictures look the same in a bare container as on a
 * desktop. resvg is a native module: where its package has no binary for this machine, there are no PNGs.
 */
import { createRequire } from 'node:module';
import { FONT } from './style.js';

const resolve = createRequire(import.meta.url).resolve;

const fontFiles = (): string[] =>
  ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) => resolve(`dejavu-fonts-ttf/ttf/${file}`));

/** Scripts that DejaVu lacks: their characters are taken from the system's fonts, where it has any. */
const BEYOND_DEJAVU = /[\u0700-\u1cff\u2e00-\ud7ff\uf900-\uffff]|[\ud800-\udbff]/;

/** A function that draws an SVG at twice its size, on a thread of its own; null if resvg cannot be loaded. */
export async function pngRenderer(): Promise<((svg: string) => Promise<Uint8Array>) | null> {
  const resvg = await import('@resvg/resvg-js').catch(() => null);
  if (resvg === null) return null;
  return async (svg) => {
    const loadSystemFonts = BEYOND_DEJAVU.test(svg);
    const font = { fontFiles: fontFiles(), loadSystemFonts, defaultFontFamily: FONT, sansSerifFamily: FONT };
    return (await resvg.renderAsync(svg, { fitTo: { mode: 'zoom', value: 2 }, font })).asPng();
  };
}
