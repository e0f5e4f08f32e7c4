/** Where data files live. Nothing here touches the disk. */
import { homedir } from 'node:os';
import path from 'node:path';
import { cacheHome, type Surroundings } from '../files/cacheHome.js';

export type { Surroundings } from '../files/cacheHome.js';

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
