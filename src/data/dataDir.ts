/** Where data files live. Nothing here touches the disk. */
import { homedir } from 'node:os';
import path from 'node:path';

/** What the choice of folder depends on; a parameter so that every platform's rule is testable on one. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The platform's cache folder: XDG base directories, macOS's Library/Caches, Windows' LOCALAPPDATA. */
function cacheHome({ platform, env, home }: Surroundings): string {
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? path.win32.join(home, 'AppData', 'Local');
  if (platform === 'darwin') return path.posix.join(home, 'Library', 'Caches');
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG specification says that a relative path must be ignored.
  return xdg !== undefined && path.posix.isAbsolute(xdg) ? xdg : path.posix.join(home, '.cache');
}

/**
 * The data folder: `option` (--data-dir) if given, else the environment's ADAMW_BENCH_DATA, else
 * `adamw-bench` in the platform's cache folder. Always absolute; the folder need not exist.
 */
export function resolveDataDir(
  option?: string,
  around: Surroundings = { platform: process.platform, env: process.env, home: homedir() },
): string {
  const chosen = option || around.env['ADAMW_BENCH_DATA'];
  if (chosen) return path.resolve(chosen);
  const join = around.platform === 'win32' ? path.win32.join : path.posix.join;
  return join(cacheHome(around), 'adamw-bench');
}
