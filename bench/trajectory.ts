/**
 * One epoch of CIFAR-10 here and in PyTorch from the same initial weights on the same batches: what remains is the
 * arithmetic of network, gradients, optimizer and schedule. Rounding sends the two on different ways after a few steps,
 * so single losses come apart; their means over an epoch must not.
 *
 *     npx tsx bench/trajectory.ts DATA_DIR [--seeds 0,1,2,3] [--depth 8]      (needs `npm run bench -- --setup pytorch`)
 *
 * Writes results/bench/trajectory.csv.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { useBackend } from '../src/backends/index.js';
import { experimentSchema } from '../src/experiment/experiment.js';
import { loadDataset, type Dataset } from '../src/data/index.js';
import { buildModel } from '../src/models/index.js';
import { makeOptimizer } from '../src/optim/index.js';
import { makeSchedule } from '../src/optim/schedule.js';
import { permutation, stream } from '../src/random/stream.js';
import { plan } from '../src/experiment/plan.js';
import type { Cell } from '../src/experiment/cell.js';
import { augmentationOf, batchLoader } from '../src/train/loader.js';
import { weightTensors } from '../src/train/snapshot.js';
import { step } from '../src/train/step.js';
import { peer, requirePython } from './peers/python.js';

/** Steps after which a span of the table ends; the last is the epoch's. */
const spans = [10, 100, 200, 300, 391];

function cellOf(seed: number, depth: number): Cell {
  const experiment = experimentSchema.parse({
    name: 'trajectory',
    dataset: { name: 'cifar10', augment: { crop: 4, flip: true } },
    model: { name: 'resnet', depth },
    train: { epochs: 1, batchSize: 128, seeds: [seed] },
    optimizers: [{ name: 'adamw', convention: 'lr' }],
    grid: { lr: [0.004], wd: [0.05] },
  });
  return [...plan(experiment, 'onednn').jobs()][0]!.cell;
}

/** Trains one epoch; writes into the folder what a peer needs to do the same. Returns the loss of each step. */
function trainHere(cell: Cell, dataset: Dataset, folder: string): number[] {
  const { seed, lr, wd } = cell;
  const model = buildModel(cell.model, dataset);
  const loader = batchLoader(dataset, augmentationOf(cell.dataset), cell.batchSize);
  const optimizer = makeOptimizer(cell.optimizer, { lr, wd });
  const schedule = makeSchedule(cell.schedule, {
    epochs: 1,
    stepsPerEpoch: loader.stepsPerEpoch,
    warmup: 0,
  });
  const theta = model.initialTheta(seed);
  writeFileSync(join(folder, 'theta.bin'), theta);
  const slots = optimizer.slots.map(() => new Float32Array(theta.length));
  let weights = weightTensors({ theta, slots, state: model.initialState() });
  const order = permutation(loader.trainSize, stream(seed, 'shuffle', 0));
  const [images, labels] = ['images.bin', 'labels.bin'].map((name) => openSync(join(folder, name), 'w'));
  const losses: number[] = [];
  for (let b = 0; b < loader.stepsPerEpoch; b++) {
    const indices = order.subarray(b * cell.batchSize, (b + 1) * cell.batchSize);
    const batch = loader.train(indices, stream(seed, 'augment', 0, b));
    writeSync(images!, batch.images);
    writeSync(labels!, batch.labels);
    const at = { t: b + 1, ...schedule(b + 1) };
    const taken = step(model, optimizer, weights, batch, at, stream(seed, 'forward', 0, b));
    weights = taken.weights;
    losses.push(taken.score.loss);
  }
  closeSync(images!);
  closeSync(labels!);
  const recipe = { lr, wd, batchSize: cell.batchSize, params: model.params };
  writeFileSync(join(folder, 'recipe.json'), JSON.stringify({ ...recipe, depth: depthOf(cell) }));
  return losses;
}

const depthOf = ({ model }: Cell) => (model.name === 'resnet' ? model.depth : NaN);

/** The losses of the same steps in PyTorch. @throws Error with its last words */
function trainThere(folder: string): number[] {
  const { status, stdout, stderr } = spawnSync(requirePython('pytorch'), [peer('trajectory.py'), folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`PyTorch failed: ${stderr.slice(-1000)}`);
  return JSON.parse(stdout) as number[];
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: '0,1,2,3' },
    depth: { type: 'string', default: '8' },
  },
  allowPositionals: true,
});
const [dataDir] = positionals;
if (dataDir === undefined)
  throw new Error('Name the folder with the data: npx tsx bench/trajectory.ts DATA_DIR');
await useBackend('onednn', { threads: 1 });
const rows: string[] = [];
const differences: number[] = [];
for (const seed of values.seeds.split(',').map(Number)) {
  const cell = cellOf(seed, Number(values.depth));
  const dataset = await loadDataset(cell.dataset, { dataDir });
  const folder = mkdtempSync(join(tmpdir(), 'trajectory-'));
  try {
    const ours = trainHere(cell, dataset, folder);
    const theirs = trainThere(folder);
    spans.forEach((to, i) => {
      const from = spans[i - 1] ?? 0;
      const [a, b] = [mean(ours.slice(from, to)), mean(theirs.slice(from, to))];
      rows.push([seed, from + 1, to, a.toFixed(5), b.toFixed(5), (a - b).toFixed(5)].join(','));
      console.log(`seed ${seed}, steps ${from + 1} to ${to}: ${a.toFixed(4)}, PyTorch ${b.toFixed(4)}`);
    });
    differences.push(mean(ours) - mean(theirs));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const average = mean(differences);
const spread = Math.sqrt(mean(differences.map((d) => (d - average) ** 2)) / (differences.length - 1));
console.log(
  `mean training loss less PyTorch's, ${differences.length} seeds: ${average.toFixed(4)}, standard error ${spread.toFixed(4)}`,
);
writeFileSync(
  'results/bench/trajectory.csv',
  `seed,first_step,last_step,loss,pytorch_loss,difference\n${rows.join('\n')}\n`,
);
