/**
 * The page's script and style as text. A built package has them beside this file (both are bundled by
 * `npm run build`); when the sources run directly, in tests, esbuild bundles them on first use.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Assets {
  readonly script: string;
  readonly style: string;
}

type Bundler = typeof import('esbuild');

function bundle(entry: string): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as Bundler;
  const options = { bundle: true, minify: true, format: 'iife', target: 'es2020', write: false } as const;
  return buildSync({ entryPoints: [entry], ...options }).outputFiles[0]!.text;
}

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let loaded: Assets | undefined;

/** Read once per process. Throws if the package was built without its page script. */
export function assets(): Assets {
  if (loaded !== undefined) return loaded;
  const [built, source] = [beside('main.js'), beside('client/main.ts')];
  if (!existsSync(built) && !existsSync(source))
    throw new Error(`The report page's script ${built} is missing. Build the package again: npm run build.`);
  const isBuilt = existsSync(built);
  const script = isBuilt ? readFileSync(built, 'utf8') : bundle(source);
  const style = isBuilt ? readFileSync(beside('style.css'), 'utf8') : bundle(beside('style.css'));
  loaded = { script: script.trim(), style: style.trim() };
  return loaded;
}
