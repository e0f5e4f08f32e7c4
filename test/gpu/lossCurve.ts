/** The same training on the device in sight and on TensorFlow's CPU kernels: how far apart are the loss curves? */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Relative, in the first epoch: rounding is enlarged by every step after that. */
const MOST = 0.02;

const settings = [
  'dataset={ name: synthetic-cifar, train: 256, test: 64 }',
  'model={ name: resnet, depth: 8, width: 8 }',
  'train={ epochs: 3, batchSize: 32 }',
  'optimizers=[adamw]',
  'grid={ lr: [0.003], wd: [0.001] }',
  'backend=tensorflow',
];

function lossesOn(root: string, dir: string, env: Readonly<Record<string, string>>): number[] {
  const args = ['bin/adamw-bench.js', 'run', 'configs/smoke.yaml', '--out', dir, '--no-figures', '--quiet'];
  const { status } = spawnSync(process.execPath, [...args, ...settings.flatMap((one) => ['--set', one])], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`the sweep ended with status ${String(status)}`);
  const [header, ...rows] = readFileSync(join(dir, 'epochs.csv'), 'utf8').trim().split('\n');
  const column = header!.split(',').indexOf('train_loss');
  return rows.map((row) => Number(row.split(',')[column]));
}

/** @throws Error where the first epoch's losses differ by more than rounding */
export function lossDistance(root: string, scratch: string): string {
  const here = lossesOn(root, join(scratch, 'here'), {});
  const cpu = lossesOn(root, join(scratch, 'cpu'), { CUDA_VISIBLE_DEVICES: '' });
  const show = (losses: readonly number[]) => losses.map((loss) => loss.toPrecision(6)).join(' ');
  console.log(`  device ${show(here)}\n  CPU    ${show(cpu)}`);
  const distance = Math.abs(here[0]! - cpu[0]!) / cpu[0]!;
  if (!(distance <= MOST)) throw new Error(`the first epoch's loss differs by ${distance}`);
  return `first epoch's loss differs by ${distance.toExponential(1)} of it`;
}
