/** The machine's multiply-add peak, by a small native loop on every core at once. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { machineKind, type MachineKind } from './machine.js';
import { whenQuiet } from './quiet.js';

const run = promisify(execFile);
const source = fileURLToPath(new URL('./peak.cc', import.meta.url));

/** Flags for the widest multiply-add that the processor has. */
const wideFlags: Record<MachineKind, readonly string[]> = {
  avx512: ['-mavx512f', '-mfma'],
  avx2: ['-mavx2', '-mfma'],
  other: [],
};

/**
 * Builds the loop; the function returned measures GFLOP/s of `cores` cores together (a multiply-add is two).
 * undefined where there is no compiler: shares of the peak are then not known.
 */
export async function buildPeak(): Promise<((cores: number) => Promise<number>) | undefined> {
  const program = join(await mkdtemp(join(tmpdir(), 'adamw-bench-peak-')), 'peak');
  try {
    await run('g++', ['-O3', ...wideFlags[machineKind()], source, '-o', program]);
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

/** The same, waiting for a quiet machine before each look; a `quick` one does not wait. */
export async function quietPeak(quick: boolean): ReturnType<typeof buildPeak> {
  const peak = await buildPeak();
  return peak && !quick ? whenQuiet(peak, () => sleep(3000)) : peak;
}
