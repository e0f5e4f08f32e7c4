/**
 * Where `adamw-bench setup` puts TensorFlow, and what is there. One set-up serves every clone and install of a user:
 * it lies in the user's folder, as `npm ci` empties node_modules and a global install may be read-only.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cacheHome, homeFolder, type FolderEnvironment } from '../files/cacheHome.js';

/** Names another folder than the usual one. */
export const HOME_VARIABLE = 'ADAMW_BENCH_TENSORFLOW';

/** The folder of the set-up: the environment's ADAMW_BENCH_TENSORFLOW, else `tensorflow` beside the data sets. */
export function tensorflowHome(
  environment: FolderEnvironment = { platform: process.platform, env: process.env, home: homeFolder() },
): string {
  const chosen = environment.env[HOME_VARIABLE];
  if (chosen) return path.resolve(chosen);
  return path.join(
    cacheHome(environment, `Set HOME, or name a folder in ${HOME_VARIABLE}.`),
    'adamw-bench',
    'tensorflow',
  );
}

/** What a finished set-up says of itself, in `setup.json`. */
export interface SetUp {
  /** Of this file's form. */
  readonly format: 1;
  readonly kind: 'cpu' | 'cuda';
  readonly tensorflow: string;
  readonly tfjs: string;
  /** Project and version of all that was fetched. */
  readonly packages: Readonly<Record<string, string>>;
  /** Paths below the folder, with sizes in bytes. */
  readonly files: Readonly<Record<string, number>>;
}

export const SETUP_FILE = 'setup.json';
/** The npm package, in the folder of the set-up. */
export const PACKAGE_FOLDER = 'package';
/** Our own addon beside TensorFlow's libraries, below the package: native/tensorflow/support.cc. */
export const SUPPORT_ADDON = 'deps/lib/support.node';
/** The other one, which makes functions of recorded steps: native/tensorflow/functions.cc. */
export const FUNCTIONS_ADDON = 'deps/lib/functions.node';

export interface SupportAddon {
  /** Opens a library along TensorFlow's search path: where it was found, or what the dynamic loader said. */
  open(name: string): { readonly path: string } | { readonly problem: string };
  /** Keeps signals from this thread and from those that it starts later. */
  blockSignals(): void;
}

/** The set-up in a folder; undefined where there is none, or one of another form. */
export function readSetUp(folder: string): SetUp | undefined {
  try {
    const found = JSON.parse(readFileSync(path.join(folder, SETUP_FILE), 'utf8')) as Partial<SetUp> | null;
    return found?.format === 1 && (found.kind === 'cpu' || found.kind === 'cuda') && found.files !== undefined
      ? (found as SetUp)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The place where a package in the set-up folder finds this program's own tfjs: two copies would not know each other. */
export const TFJS_BRIDGE = Symbol.for('adamw-bench.tfjs');
