/** The configurations that come with the package, in its folder configs/. */
import { readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../configs/', import.meta.url));
const ending = '.yaml';

/** A configuration of the package: `quick`, `paper/fig1`, and its file. */
export interface Bundled {
  readonly name: string;
  readonly path: string;
}

export function bundledConfigs(): Bundled[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => ({
      name: file.replaceAll('\\', '/').slice(0, -ending.length),
      path: join(folder, file),
    }))
    .sort((a, b) => depth(a) - depth(b) || (a.name < b.name ? -1 : 1));
}

const depth = ({ name }: Bundled): number => name.split('/').length;

/**
 * The bundled configuration meant by `quick`, `quick.yaml` or `configs/quick.yaml`; undefined if that file exists, or
 * no bundled one has the name.
 */
export function bundledFor(config: string): Bundled | undefined {
  if (isFile(config)) return undefined;
  const name = posix
    .normalize(config)
    .replace(/^configs\//, '')
    .replace(/\.yaml$/, '');
  return bundledConfigs().find((one) => one.name === name);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Reading the file reports what else is wrong with it.
    return false;
  }
}
