/** The version of an installed package, without loading it. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const versionOf = (name: string): string =>
  (require(`${name}/package.json`) as { readonly version: string }).version;
