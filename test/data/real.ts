/** Where real data lie on this machine, if they do: ADAMW_BENCH_DATA, or `shared/data` beside the repository. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url));

export const realDataDir = process.env['ADAMW_BENCH_DATA'] ?? beside;

/** Why a test on this file is skipped, or undefined if it can run. */
export function absent(file: string): string | undefined {
  const at = path.join(realDataDir, file);
  return existsSync(at) ? undefined : `${at} is absent; set ADAMW_BENCH_DATA to a folder that has it`;
}
