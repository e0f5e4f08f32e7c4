/**
 * `npm run test:faults`: sweeps under faults, with real processes, files, Redis and network. After each the results
 * must be the undisturbed run's, every cell once. `--short` uses fewer cells (12 instead of 60); names choose scenarios.
 */
import { openLaboratory, Skip, type Laboratory } from './laboratory.js';
import { damageCheckpoints, damageJournal, fillDisk, killCoordinator, killWorkers } from './local.js';
import { cutNetwork, killQueueCoordinator, killQueueWorkers, restartRedis, stopWorker } from './queue.js';

const scenarios: Record<string, (lab: Laboratory) => Promise<string>> = {
  'local: workers killed': killWorkers,
  'local: coordinator killed': killCoordinator,
  'local: journal damaged': damageJournal,
  'local: checkpoints damaged': damageCheckpoints,
  'local: disk full': fillDisk,
  'queue: workers killed': killQueueWorkers,
  'queue: coordinator killed': killQueueCoordinator,
  'queue: Redis restarted': restartRedis,
  'queue: worker stopped and woken': stopWorker,
  'queue: network cut': cutNetwork,
};

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const lab = await openLaboratory(process.argv.includes('--short'));
const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const began = Date.now();
    const report = (verdict: keyof typeof counts, text: string) => {
      counts[verdict]++;
      console.log(`${verdict.padEnd(8)}${name}: ${text} (${Math.round((Date.now() - began) / 1000)} s)`);
    };
    try {
      report('passed', await scenario(lab));
    } catch (error) {
      if (error instanceof Skip) report('skipped', error.message);
      else report('failed', (error as Error).message);
    } finally {
      await lab.clean();
    }
  }
} finally {
  await lab.close();
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
