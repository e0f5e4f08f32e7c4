/** The platform's folder for what a program can fetch again. Nothing here touches the disk. */
import path from 'node:path';

/** What the choice of folder depends on; a parameter so that every platform's rule is testable on one. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The platform's cache folder: XDG base directories, macOS's Library/Caches, Windows' LOCALAPPDATA. */
export function cacheHome({ platform, env, home }: Surroundings): string {
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? path.win32.join(home, 'AppData', 'Local');
  if (platform === 'darwin') return path.posix.join(home, 'Library', 'Caches');
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG specification says that a relative path must be ignored.
  return xdg !== undefined && path.posix.isAbsolute(xdg) ? xdg : path.posix.join(home, '.cache');
}
