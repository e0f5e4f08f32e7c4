/** What a command says at its end of what it could not do. */

/** A line where figures were drawn, but none as PNG: resvg has no binary here. `paths` is what was written. */
export function pngNotice(paths: readonly string[]): string | undefined {
  const has = (ending: string) => paths.some((path) => path.endsWith(ending));
  return has('.svg') && !has('.png')
    ? 'note: no PNGs, as @resvg/resvg-js has no binary here; the figures are there as SVG. Where npm left out optional dependencies, install again with: npm install --include=optional'
    : undefined;
}
