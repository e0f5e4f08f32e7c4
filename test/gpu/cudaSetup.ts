/**
 * `npm run test:cuda-setup`: the set-up for CUDA, for real, on whatever machine: 3.4 GB to download, 9 GB of disk while
 * it is made. Without a GPU the CUDA build must load, say so and compute on the CPU, and every CUDA library must open.
 * `-- --from DIR` takes the files from a folder. Everything is removed at the end.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { listGpus } from '../../src/backends/gpus.js';
import { probeBackend } from '../../src/backends/probe.js';
import { CUDA_LIBRARIES } from '../../src/backends/tensorflowDetails.js';
import { HOME_VARIABLE, readSetUp } from '../../src/backends/tensorflowHome.js';

const { values } = parseArgs({ options: { from: { type: 'string' } } });
const scratch = mkdtempSync(join(tmpdir(), 'adamw-bench-cuda-'));
const home = join(scratch, 'tensorflow');
const bin = fileURLToPath(new URL('../../bin/adamw-bench.js', import.meta.url));
const setup = (...args: string[]): number | null =>
  spawnSync(process.execPath, [bin, 'setup', ...args], {
    stdio: 'inherit',
    env: { ...process.env, [HOME_VARIABLE]: home },
  }).status;

const results: Record<string, boolean> = {};
const check = (what: string, holds: boolean) => {
  results[what] = holds;
  console.log(`${holds ? 'passed' : 'FAILED'}  ${what}`);
};
try {
  const began = performance.now();
  check('setup cuda', setup('cuda', ...(values.from === undefined ? [] : ['--from', values.from])) === 0);
  console.log(`took ${Math.round((performance.now() - began) / 1000)} s`);
  const { kind, files = {} } = readSetUp(home) ?? {};
  const bytes = Object.values(files).reduce((sum, size) => sum + size, 0);
  check(`is the CUDA build (${(bytes / 1e9).toFixed(1)} GB)`, kind === 'cuda');
  const report = await probeBackend('tensorflow', { env: { [HOME_VARIABLE]: home }, thorough: true });
  check('computes a right gradient', report.available);
  const hasGpu = listGpus().length > 0;
  check(`uses the ${hasGpu ? 'GPU' : 'CPU, as there is no GPU'}`, report.device === (hasGpu ? 'GPU' : 'CPU'));
  check('says that there is no GPU where there is none', hasGpu || report.facts?.['warning'] !== undefined);
  for (const name of CUDA_LIBRARIES) {
    // The driver brings its own.
    if (name === 'libcuda.so.1' && !hasGpu) continue;
    const found = report.facts?.[name] ?? 'not asked for';
    check(`opens ${name} (${found})`, found.startsWith(scratch) || name === 'libcuda.so.1');
  }
  check('setup --remove', setup('--remove') === 0 && readSetUp(home) === undefined);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const failed = Object.values(results).filter((holds) => !holds).length;
console.log(`${Object.keys(results).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
