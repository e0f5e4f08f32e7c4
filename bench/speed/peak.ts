/** The machine's multiply-add peak, by a small native loop on every core at once. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const source = fileURLToPath(new URL('./peak.cc', import.meta.url));

/** Flags for the widest multiply-add that the processor has. */
async function wideFlags(): Promise<string[]> {
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  if (/\bavx512f\b/.test(info)) return ['-mavx512f', '-mfma'];
  if (/\bavx2\b/.test(info)) return ['-mavx2', '-mfma'];
  return [];
}

/**
 * Builds the loop; the function returned measures GFLOP/s of `cores` cores together (a multiply-add is two).
 * undefined where there is no compiler: shares of the peak are then not known.
 */
export async function buildPeak(): Promise<((cores: number) => Promise<number>) | undefined> {
  const program = join(await mkdtemp(join(tmpdir(), 'adamw-bench-peak-')), 'peak');
  try {
    await run('g++', ['-O3', ...(await wideFlags()), source, '-o', program]);
  } catch (error) {
    console.warn(
      `The multiply-add loop does not build, so shares of the peak are left out: ${String(error)}`,
    );
    return undefined;
  }
  return async (cores) => {
    const start = String(Date.now() / 1000 + 0.03);
    const rates = await Promise.all(
      Array.from({ length: cores }, async () => Number((await run(program, [start, '0.25'])).stdout)),
    );
    return rates.reduce((sum, rate) => sum + rate, 0);
  };
}
