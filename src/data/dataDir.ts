/** Where data files live. Nothing here touches the disk. */
import path from 'node:path';
import { cacheHome, homeFolder, type FolderEnvironment } from '../files/cacheHome.js';

const remedy = 'Set HOME, or name a folder with --data-dir or ADAMW_BENCH_DATA.';

/**
 * The data folder: `option` (--data-dir) if given, else the environment's ADAMW_BENCH_DATA, else
 * `adamw-bench` in the platform's cache folder. Always absolute; the folder need not exist.
 * @throws ReportedError `home-unknown` if none is named and the home folder is not known
 */
export function resolveDataDir(
  option?: string,
  environment: FolderEnvironment = { platform: process.platform, env: process.env, home: homeFolder() },
): string {
  const chosen = option || environment.env['ADAMW_BENCH_DATA'];
  if (chosen) return path.resolve(chosen);
  const join = environment.platform === 'win32' ? path.win32.join : path.posix.join;
  return join(cacheHome(environment, remedy), 'adamw-bench');
}
