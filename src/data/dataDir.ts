/** Where data files live. Nothing here touches the disk. */
import { homedir } from 'node:os';
import path from 'node:path';
import { DataError } from './errors.js';

/** What the choice of folder depends on; a parameter so that tests cover every platform's rule. */
export interface DataDirEnvironment {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder by the system; undefined or not absolute if it is unknown. */
  readonly home: string | undefined;
}

/** The platform's cache folder: XDG base directories, macOS's Library/Caches, Windows' LOCALAPPDATA. */
function cacheHome({ platform, env, home = '' }: DataDirEnvironment): string {
  const { isAbsolute, join } = platform === 'win32' ? path.win32 : path.posix;
  // The XDG specification says that a relative path must be ignored; an empty one is relative.
  const own = platform === 'win32' ? env['LOCALAPPDATA'] : platform === 'darwin' ? '' : env['XDG_CACHE_HOME'];
  if (own !== undefined && isAbsolute(own)) return own;
  if (!isAbsolute(home)) {
    throw new DataError(
      `Your home folder is not known, so there is no default data folder (HOME is ${home === '' ? 'empty or not set' : `"${home}", no absolute path`}).`,
      { code: 'home-unknown', remedy: 'Set HOME, or name a folder with --data-dir or ADAMW_BENCH_DATA.' },
    );
  }
  if (platform === 'win32') return join(home, 'AppData', 'Local');
  return platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
}

/** The home folder; undefined if neither HOME nor the system's list of users has one. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/**
 * The data folder: `option` (--data-dir) if given, else the environment's ADAMW_BENCH_DATA, else
 * `adamw-bench` in the platform's cache folder. Always absolute; the folder need not exist.
 * @throws DataError if none is named and the home folder is not known
 */
export function resolveDataDir(
  option?: string,
  environment: DataDirEnvironment = { platform: process.platform, env: process.env, home: homeFolder() },
): string {
  const chosen = option || environment.env['ADAMW_BENCH_DATA'];
  if (chosen) return path.resolve(chosen);
  const join = environment.platform === 'win32' ? path.win32.join : path.posix.join;
  return join(cacheHome(environment), 'adamw-bench');
}
