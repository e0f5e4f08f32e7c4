/** Which package manager installed this package, for advice that names its commands. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The managers that run install scripts of dependencies only if told to. */
export type CautiousManager = 'pnpm' | 'yarn';

/**
 * The files that each leaves in a project's folder. yarn.lock is not among them: Yarn 1 writes it too, and runs
 * install scripts.
 */
const traces: readonly (readonly [CautiousManager, readonly string[]])[] = [
  ['pnpm', ['node_modules/.pnpm', 'node_modules/.modules.yaml', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']],
  ['yarn', ['node_modules/.yarn-state.yml', '.pnp.cjs', '.yarnrc.yml', '.yarn/install-state.gz']],
];

/**
 * The manager whose traces are nearest above `folder`; undefined for npm and others, which run install scripts.
 * @param folder the installed package's own; default: where this one is
 */
export function cautiousManager(
  folder = fileURLToPath(new URL('../..', import.meta.url)),
): CautiousManager | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = traces.find(([, names]) => names.some((name) => existsSync(join(at, name))));
    if (found !== undefined) return found[0];
    if (existsSync(join(at, 'package-lock.json')) || dirname(at) === at) return undefined;
  }
}

/** How to build the addon with a manager that does not run its install script. */
export const buildAdvice: Readonly<Record<CautiousManager, string>> = {
  pnpm:
    'pnpm runs an install script only if it is approved, and one builds the onednn backend: ' +
    '`pnpm approve-builds` (choose adamw-bench), then `pnpm rebuild adamw-bench`.',
  yarn:
    'Yarn runs an install script only if it is allowed, and one builds the onednn backend: put ' +
    '`"dependenciesMeta": {"adamw-bench": {"built": true}}` into your package.json, then `yarn install` and `yarn rebuild adamw-bench`.',
};
