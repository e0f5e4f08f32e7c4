/** Checks of settings that contradict each other. All run before any training. */
import { axisValues } from './axis.js';
import { checkEndpoints } from './endpoints.js';
import { defaultLabel, optimizerLabel } from './labels.js';
import { report, hasNoIssues, type Context } from './issues.js';
import { cellCount, MAX_CELLS, type Sections } from './size.js';
import { isClassic } from './optimizerSettings.js';
import type { OptimizerSpec } from './optimizerSpec.js';
import { placementOf } from './placement.js';
import type { ModularSpec } from './modular.js';
import type { OwnImagesSpec } from './ownImages.js';
import { examplesOf, type DatasetSpec, type ImagesSpec, type TrainSpec } from './specs.js';
import { heldBack, modularSizes, ownSizes, textSizes } from './splits.js';
import type { TextSpec } from './text.js';

/** Warm-up and restart cycles must fit into the run. */
export function checkTrain(train: TrainSpec, ctx: Context): void {
  if (!hasNoIssues(ctx)) return;
  checkTime(train, ['schedule'], ctx);
  if (train.warmup >= train.epochs) {
    report(ctx, ['warmup'], `must be shorter than the run of ${train.epochs} epochs`);
  }
}

function checkTime(
  { epochs, warmup, schedule }: Pick<TrainSpec, 'epochs' | 'warmup' | 'schedule'>,
  path: (string | number)[],
  ctx: Context,
): void {
  const left = epochs - warmup;
  if (schedule.name !== 'warm-restarts' || schedule.firstCycle <= left) return;
  const run = warmup === 0 ? `the run has ${epochs}` : `${left} are left after the warm-up`;
  report(ctx, [...path, 'firstCycle'], `must fit into the run: ${run} epochs`);
}

/** Labels name curves and rows: each must be used once. */
export function checkOptimizers(optimizers: readonly OptimizerSpec[], ctx: Context): void {
  if (!hasNoIssues(ctx)) return;
  const first = new Map<string, number>();
  for (const [i, optimizer] of optimizers.entries()) {
    const label = optimizerLabel(optimizer);
    const earlier = first.get(label);
    if (earlier === undefined) {
      first.set(label, i);
      continue;
    }
    const owner = `\`optimizers.${earlier}\``;
    const hint = labelHint(optimizer);
    if (optimizer.label === undefined) {
      report(ctx, [i], `must have a label other than "${label}", which is that of ${owner}`, hint);
    } else {
      report(ctx, [i, 'label'], `must not be the label of ${owner} too`, hint);
    }
  }
}

function labelHint(optimizer: OptimizerSpec): string {
  const { name, convention } = optimizer;
  const example = `${defaultLabel(optimizer)} (${convention === 'paper' ? 'second' : convention})`;
  return `add a distinct label, e.g. {name: ${name}, label: ${example}, ...}`;
}

/**
 * Refuses labels that a reader cannot tell apart: they differ only in white space or in how characters are composed.
 * `checkOptimizers` has refused equal ones.
 */
export function checkLookalikes({ optimizers }: Sections, ctx: Context): void {
  if (!hasNoIssues(ctx)) return;
  const seen = new Map<string, number>();
  for (const [i, optimizer] of optimizers.entries()) {
    const looks = optimizerLabel(optimizer).normalize('NFKC').replace(/\s+/gu, '');
    const earlier = seen.get(looks);
    if (earlier === undefined) {
      seen.set(looks, i);
      continue;
    }
    const path = optimizer.label === undefined ? [i] : [i, 'label'];
    const what = 'only in white space or in how its characters are composed';
    const whose = optimizer.label === undefined ? 'have a label that differs' : 'differ';
    const message = `must not ${whose} from that of \`optimizers.${earlier}\` ${what}`;
    report(ctx, ['optimizers', ...path], message, labelHint(optimizer));
  }
}

/** Images of each split, for data sets of fixed size. */
const SIZES: Partial<Record<Sections['dataset']['name'], { train: number; test: number }>> = {
  mnist: { train: 60_000, test: 10_000 },
  'fashion-mnist': { train: 60_000, test: 10_000 },
  cifar10: { train: 50_000, test: 10_000 },
  cifar100: { train: 50_000, test: 10_000 },
  imagenet32: { train: 1_281_167, test: 50_000 },
};

/** Checks that need more than one section. */
export function checkExperiment(experiment: Sections, ctx: Context): void {
  if (!hasNoIssues(ctx)) return;
  checkCells(experiment, ctx);
  checkTextModel(experiment, ctx);
  checkSizes(experiment, ctx);
  checkOverrides(experiment, ctx);
  checkNoDecay(experiment, ctx);
  checkRecordDecay(experiment, ctx);
  checkDuplicates(experiment, ctx);
  checkCompiler(experiment, ctx);
  checkEndpoints(experiment, ctx);
}

/** XLA is TensorFlow's. `auto` may choose another backend. */
function checkCompiler({ backend, xla }: Sections, ctx: Context): void {
  if (!xla || backend === 'tensorflow') return;
  report(ctx, ['xla'], 'must be left out unless `backend` is tensorflow', 'add `backend: tensorflow`');
}

function checkCells(experiment: Sections, ctx: Context): void {
  const cells = cellCount(experiment);
  if (cells <= MAX_CELLS) return;
  const shown = (n: number) => n.toLocaleString('en');
  const message = `must give at most ${shown(MAX_CELLS)} cells (optimizers x lr x wd x seeds), but gives ${shown(cells)}`;
  report(ctx, ['grid'], message, 'take fewer values or seeds, or make several experiments of it');
}

/** Only a transformer has an answer at each position. */
function checkTextModel({ dataset, model }: Sections, ctx: Context): void {
  if (dataset.name !== 'text' || model.name === 'transformer') return;
  report(ctx, ['model', 'name'], 'must be transformer, which alone predicts each character of a text');
}

function checkSizes({ dataset, train }: Sections, ctx: Context): void {
  const images = trainingExamples(dataset, ctx);
  if (images !== undefined && train.batchSize > images) {
    report(
      ctx,
      ['train', 'batchSize'],
      `must be at most ${images}, the number of training ${examplesOf(dataset)}`,
    );
  }
}

/** How many examples are trained on; undefined where that is known when the data are loaded. */
function trainingExamples(dataset: DatasetSpec, ctx: Context): number | undefined {
  if (dataset.name === 'modular') return equations(dataset, ctx);
  if (dataset.name === 'text') return checkText(dataset, ctx);
  return dataset.name === 'images' ? checkOwnImages(dataset, ctx) : checkImages(dataset, ctx);
}

/** How many windows of a text are trained on; undefined until it has been read. */
function checkText(dataset: TextSpec, ctx: Context): number | undefined {
  const { train, content } = dataset;
  if (content === undefined) return train;
  const { available } = textSizes(dataset, content.characters);
  if (train !== undefined && train > available)
    report(ctx, ['dataset', 'train'], `must be at most ${available}, the training windows there are`);
  return Math.min(train ?? available, available);
}

/** How many of the user's own images are trained on; undefined until they have been read. */
function checkOwnImages(dataset: OwnImagesSpec, ctx: Context): number | undefined {
  const { train, test, content } = dataset;
  checkValidation(dataset, content?.train, ctx);
  if (content === undefined) return train;
  const sizes = ownSizes(dataset, content);
  if (train !== undefined && train > sizes.train)
    report(ctx, ['dataset', 'train'], `must be at most ${sizes.train}, the training images there are`);
  if (test !== undefined && test > content.test)
    report(ctx, ['dataset', 'test'], `must be at most ${content.test}, the test images there are`);
  return train ?? sizes.train;
}

/** How many equations are trained on. */
function equations(dataset: ModularSpec, ctx: Context): number | undefined {
  const sizes = modularSizes(dataset);
  if (Math.min(sizes.train, sizes.test) > 0) return sizes.train;
  const what = sizes.train > 0 ? 'test set' : 'training set';
  report(ctx, ['dataset', 'share'], `must leave something for the ${what}: there are ${sizes.all} equations`);
  return undefined;
}

/** How many images are trained on; likewise. */
function checkImages(dataset: ImagesSpec, ctx: Context): number | undefined {
  const size = SIZES[dataset.name];
  for (const split of ['train', 'test'] as const) {
    const asked = dataset[split];
    if (size === undefined || asked === undefined || asked <= size[split]) continue;
    report(ctx, ['dataset', split], `must be at most ${size[split]}, the images that ${dataset.name} has`);
  }
  checkValidation(dataset, size?.train, ctx);
  return dataset.train ?? (size && size.train - heldBack(size.train, dataset.validation));
}

/** @param available training images, before any are held back; undefined where they are generated without end */
function checkValidation(
  { train, validation, subset, name }: ImagesSpec | OwnImagesSpec,
  available: number | undefined,
  ctx: Context,
): void {
  if (subset === 'per-seed' && train === undefined) {
    report(
      ctx,
      ['dataset', 'subset'],
      'needs `dataset.train`, the number of images that each seed trains on',
    );
  }
  if (validation === undefined || available === undefined) return;
  const held = heldBack(available, validation);
  if (held === 0)
    report(ctx, ['dataset', 'validation'], `must hold back at least one of the ${available} images`);
  if (available - held < (train ?? 1)) {
    const message = `must leave the ${train ?? 1} training images asked for: ${name} has ${available}`;
    report(ctx, ['dataset', 'validation'], message);
  }
}

/** Without decay there is one decay to try: 0. `grid.wd` counts where an optimizer has no `wd` of its own. */
function checkNoDecay({ optimizers, grid }: Sections, ctx: Context): void {
  for (const [i, { placement, wd }] of optimizers.entries()) {
    if (placement !== 'none' || axisValues(wd ?? grid.wd).every((value) => value === 0)) continue;
    const at = ['optimizers', i];
    if (wd === undefined)
      report(ctx, [...at, 'placement'], 'takes wd 0 only, and `grid.wd` has others', 'add wd: [0] beside it');
    else report(ctx, [...at, 'wd'], 'must be [0], since `placement` is none', 'write wd: [0]');
  }
}

/** What decay does to a weight is measured by the formulas of Adam and SGD where it passes the moments. */
function checkRecordDecay({ optimizers, train }: Sections, ctx: Context): void {
  if (!train.recordDecay) return;
  for (const [i, optimizer] of optimizers.entries()) {
    const placement = placementOf(optimizer);
    if (isClassic(optimizer) || !['l2', 'l2-in-m', 'cautious'].includes(placement)) continue;
    const message = `decays by ${placement}, whose effect \`train.recordDecay\` can measure for adam and sgd only`;
    report(
      ctx,
      ['optimizers', i],
      message,
      'leave train.recordDecay out, or train it in a configuration of its own',
    );
  }
}

/** An optimizer's own schedule and epochs, together with train's. */
function checkOverrides({ optimizers, train }: Sections, ctx: Context): void {
  for (const [i, { schedule, epochs }] of optimizers.entries()) {
    if (schedule === undefined && epochs === undefined) continue;
    const own = { ...train, schedule: schedule ?? train.schedule, epochs: epochs ?? train.epochs };
    checkTime(own, schedule === undefined ? ['train', 'schedule'] : ['optimizers', i, 'schedule'], ctx);
    if (train.warmup >= own.epochs) {
      report(ctx, ['optimizers', i, 'epochs'], `must be more than \`train.warmup\`, ${train.warmup}`);
    }
  }
}

/** Two optimizers that differ in nothing but their label would train every cell twice. */
function checkDuplicates({ optimizers, grid, train }: Sections, ctx: Context): void {
  const seen = new Map<string, number>();
  for (const [i, optimizer] of optimizers.entries()) {
    const spec = { ...optimizer, label: '' };
    const defaults = { lr: grid.lr, wd: grid.wd, schedule: train.schedule, epochs: train.epochs };
    const key = JSON.stringify(Object.entries({ ...defaults, ...spec }).sort(([a], [b]) => (a < b ? -1 : 1)));
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, i);
    else report(ctx, ['optimizers', i], `must differ from \`optimizers.${earlier}\` in more than its label`);
  }
}
