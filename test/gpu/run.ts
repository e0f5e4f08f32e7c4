/**
 * `npm run test:gpu`: everything that is to be shown on a machine with an NVIDIA GPU, in one command.
 *
 *   npm run test:gpu                 conformance, tfjs-core's suite, a loss curve, repeats, speed beside PyTorch
 *   npm run test:gpu -- --rehearse   the same on the CPU device, the speed of two networks only: does this script work?
 *
 * Wants `adamw-bench setup cuda` (a rehearsal: any set-up). Exit code 0 when all passed, or where there is no GPU, which
 * it says; 1 when something failed; 2 where nothing is set up. The last line is `N passed, N failed, N skipped`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listGpus } from '../../src/backends/gpus.js';
import { probeBackend } from '../../src/backends/probe.js';
import { CUDA_LIBRARIES } from '../../src/backends/tensorflowDetails.js';
import { readSetUp, tensorflowHome } from '../../src/backends/tensorflowHome.js';
import { lossDistance } from './lossCurve.js';
import { measureSpeed } from './speed.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rehearse = process.argv.includes('--rehearse');
const setUp = readSetUp(tensorflowHome());
const gpus = listGpus();

function finish(line: string, code: number): never {
  console.log(line);
  process.exit(code);
}
if (gpus.length === 0 && !rehearse) {
  console.log(
    'There is no NVIDIA GPU here (nvidia-smi and the driver list none). To try this script: --rehearse',
  );
  finish('0 passed, 0 failed, 1 skipped', 0);
}
if (setUp === undefined || (setUp.kind !== 'cuda' && !rehearse)) {
  finish(`TensorFlow is not set up for a GPU in ${tensorflowHome()}: run \`npx adamw-bench setup cuda\`.`, 2);
}

/** Runs a program of this repository to its end, with its output shown. @throws Error where it fails */
function must(args: readonly string[]): string {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`ended with status ${String(status)}`);
  return 'passed';
}

async function device(): Promise<string> {
  const report = await probeBackend('tensorflow', { thorough: true });
  for (const [name, value] of Object.entries(report.facts ?? {})) console.log(`  ${name}: ${value}`);
  if (!report.available) throw new Error(report.reason);
  if (!rehearse && report.device !== 'GPU') throw new Error(`it computes on the ${report.device}`);
  const closed = CUDA_LIBRARIES.filter((name) => report.facts?.[name]?.startsWith('not found'));
  if (!rehearse && closed.length > 0) throw new Error(`not opened: ${closed.join(', ')}`);
  return `${report.device}`;
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1'];
const scratch = mkdtempSync(join(tmpdir(), 'adamw-bench-gpu-'));
const parts: Record<string, () => string | Promise<string>> = {
  'the device and its libraries': device,
  'conformance: gradients, networks, repeats to the bit, memory, signals, sweeps': () =>
    must([...vitest, 'test/backends/tensorflow']),
  "tfjs-core's own suite": () => must(['--import', 'tsx', 'test/tfjs-core/run.ts', 'tensorflow']),
  'a loss curve beside the CPU’s': () => lossDistance(root, scratch),
  'images a second': () => measureSpeed(root, rehearse),
};

const counts = { passed: 0, failed: 0 };
for (const [name, part] of Object.entries(parts)) {
  console.log(`--- ${name}`);
  try {
    console.log(await part());
    counts.passed++;
  } catch (error) {
    console.log(`failed: ${(error as Error).message}`);
    counts.failed++;
  }
}
rmSync(scratch, { recursive: true });
finish(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`, counts.failed > 0 ? 1 : 0);
