/** The platform's folder for what a program can fetch again. Nothing here touches the disk. */
import { homedir } from 'node:os';
import path from 'node:path';
import { ReportedError } from '../errors/reported.js';

/** What the choice of folder depends on; a parameter so that tests cover every platform's rule. */
export interface FolderEnvironment {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder by the system; undefined or not absolute if it is unknown. */
  readonly home: string | undefined;
}

/**
 * The platform's cache folder: XDG base directories, macOS's Library/Caches, Windows' LOCALAPPDATA.
 * @param remedy what the user can do if the home folder is not known, as a sentence
 * @throws ReportedError `home-unknown`
 */
export function cacheHome({ platform, env, home = '' }: FolderEnvironment, remedy: string): string {
  const { isAbsolute, join } = platform === 'win32' ? path.win32 : path.posix;
  // The XDG specification says that a relative path must be ignored; an empty one is relative.
  const own = platform === 'win32' ? env['LOCALAPPDATA'] : platform === 'darwin' ? '' : env['XDG_CACHE_HOME'];
  if (own !== undefined && isAbsolute(own)) return own;
  if (!isAbsolute(home)) {
    const what = home === '' ? 'empty or not set' : `"${home}", no absolute path`;
    throw new ReportedError(
      `Your home folder is not known, so there is no default folder for data (HOME is ${what}).`,
      { code: 'home-unknown', remedy },
    );
  }
  if (platform === 'win32') return join(home, 'AppData', 'Local');
  return platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
}

/** The home folder; undefined if neither HOME nor the system's list of users has one. */
export function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
