/** What `adamw-bench plan` does. */
import type { Experiment } from '../../config/index.js';
import { trainShape } from '../../data/catalog.js';
import { buildModel, requireExclusions, requireMemory, type Model } from '../../models/index.js';
import { ownSizes, testSize, textSizes } from '../../experiment/splits.js';
import { freshSeeds } from '../../experiment/confirm.js';
import { mostConfirmed } from '../../experiment/stages.js';
import type { TextSpec } from '../../experiment/text.js';
import { plan, type Plan } from '../../experiment/plan.js';
import { defaultWorkers } from '../../runner/defaultWorkers.js';
import { loadWithData } from '../ownData.js';
import { exitCode, UsageError } from '../exit.js';
import { elapsed, milliseconds } from '../units.js';
import { compareBackends, comparisonText } from './backendSpeeds.js';
import { describeChoice } from './backendChoice.js';

export interface PlanFlags {
  readonly set: readonly string[];
  readonly dataDir?: string;
  readonly workers?: number;
  readonly time: boolean;
  readonly backends?: boolean;
  readonly json?: boolean;
}

/** Prints the cells of a configuration and an estimate of their time; returns the exit code. */
export async function showPlan(config: string, flags: PlanFlags): Promise<number> {
  const experiment = await loadWithData(config, { set: flags.set }, { dataDir: flags.dataDir });
  const model = networkOf(experiment);
  const planned = plan(experiment, experiment.backend);
  const { size: cells } = planned;
  if (flags.backends && !flags.time)
    throw new UsageError('--backends times steps, and --no-time forbids it: leave one of them out.');
  const choice = await describeChoice(experiment);
  requireMemory(model, experiment, { backend: choice.backend });
  const usual = () => defaultWorkers(choice.identity, experiment.threads);
  const workers = Math.min(cells, flags.workers ?? experiment.workers ?? usual());
  const stages = [gridStage(planned), ...confirmationStage(planned)];
  if (!flags.json) console.log([planText(planned, workers), ...secondText(planned), choice.text].join('\n'));
  const timed = flags.time ? await timeOf(experiment, flags.dataDir) : undefined;
  const times = timed && stages.map((stage) => timesOf(stage, timed.epochSeconds, workers));
  if (flags.json) {
    const optimizers = planned.optimizers.map(({ label, lrs, wds, size }) => ({
      label,
      lr: lrs,
      wd: wds,
      cells: size,
    }));
    const compared = flags.backends ? { backends: await compareBackends(config, flags) } : {};
    const about = timed && { stepSeconds: timed.stepSeconds, ...times![0] };
    const second = stages[1] && {
      confirmation: { cells: stages[1].cells, seeds: freshSeeds(experiment), ...times?.[1] },
    };
    const { dataset, name } = experiment;
    const data = 'content' in dataset ? { data: dataset.content } : {};
    const { backend, why } = choice;
    console.log(
      JSON.stringify({
        ...{ name, ...data, cells, workers, optimizers, backend, why },
        ...{ ...about, ...second, ...compared },
      }),
    );
  } else if (timed) {
    const { backend, stepSeconds } = timed;
    const [first, second] = times!.map(({ seconds }) => elapsed(seconds));
    const both =
      second === undefined ? `about ${first}` : `about ${first} for the grid, ${second} for the confirmation`;
    console.log(`${both} with backend ${backend} (${milliseconds(stepSeconds)} a step)`);
    if (flags.backends) for (const line of await comparisonText(config, flags)) console.log(line);
  }
  return exitCode.ok;
}

/** Cells that are trained side by side, and their epochs all together. */
interface Stage {
  readonly cells: number;
  readonly epochs: number;
}

const gridStage = ({ size, optimizers }: Plan): Stage => ({
  cells: size,
  epochs: optimizers.reduce((sum, one) => sum + one.size * one.epochs, 0),
});

/** The second stage at its largest: a best cell on the grid's border has fewer neighbours. None if there is none. */
function confirmationStage({ experiment, optimizers }: Plan): Stage[] {
  if (!experiment.confirm) return [];
  const each = optimizers.map((one) => ({ cells: mostConfirmed(experiment, one), epochs: one.epochs }));
  const cells = each.reduce((sum, one) => sum + one.cells, 0);
  return [{ cells, epochs: each.reduce((sum, one) => sum + one.cells * one.epochs, 0) }];
}

/** The seconds of all cells one after the other, and of so many workers side by side. */
function timesOf({ cells, epochs }: Stage, epochSeconds: number, workers: number) {
  const workerSeconds = epochs * epochSeconds;
  return { workerSeconds, seconds: workerSeconds / Math.min(cells, workers) };
}

/** Loads what trains only where some steps are timed. */
async function timeOf(experiment: Experiment, dataDir: string | undefined) {
  const { timeIfDataThere } = await import('./estimate.js');
  return timeIfDataThere(experiment, dataDir);
}

/** The network. @throws ModelError where `run` would refuse it, whatever computes */
function networkOf(experiment: Experiment): Model {
  const model = buildModel(experiment.model, trainShape(experiment.dataset));
  requireExclusions(model, experiment);
  return model;
}

function planText({ experiment, optimizers, size }: Plan, workers: number): string {
  const { name, model, dataset, train } = experiment;
  const seeds = `${train.seeds.length} seed${train.seeds.length === 1 ? '' : 's'}`;
  const lines = optimizers.map(
    ({ label, lrs, wds, size: cells }) =>
      `  ${label}: ${lrs.length} lr (${range(lrs)}) x ${wds.length} wd (${range(wds)}) x ${seeds} = ${cells} cells`,
  );
  const total = `${size} cells on ${workers} worker${workers === 1 ? '' : 's'}`;
  return [`${name}: ${model.name} on ${dataset.name}`, ...ownDataText(dataset), ...lines, total].join('\n');
}

/** What was found at the path of the user's own data. */
function ownDataText(dataset: Experiment['dataset']): string[] {
  if (dataset.name === 'text') return textText(dataset);
  if (dataset.name !== 'images' || dataset.content === undefined) return [];
  const { content, path } = dataset;
  const { height, width, channels, classes } = content;
  const { train, validation } = ownSizes(dataset, content);
  const counts = [
    `${dataset.train ?? train} training`,
    ...(validation > 0 ? [`${validation} validation`] : []),
    `${testSize(dataset, content)} test images`,
  ].join(', ');
  return [`  ${path}: ${counts} of ${height}x${width}x${channels}, ${classes} classes`];
}

function textText(dataset: TextSpec): string[] {
  if (dataset.content === undefined) return [];
  const { characters, vocabulary } = dataset.content;
  const { train, validation, test } = textSizes(dataset, characters);
  const held = validation > 0 ? `, ${validation} validation` : '';
  const windows = `${train} training${held}, ${test} test windows of ${dataset.length}`;
  return [`  ${dataset.path}: ${characters} characters, ${vocabulary} different ones; ${windows}`];
}

function secondText({ experiment, optimizers }: Plan): string[] {
  const { confirm } = experiment;
  if (!confirm) return [];
  const cells = optimizers.reduce((sum, one) => sum + mostConfirmed(experiment, one), 0);
  const chosen = confirm.at === 'best' ? 'best cell' : 'best cell and its neighbours';
  const most = confirm.at === 'best' ? '' : 'at most ';
  return [
    `then, to confirm, each optimizer's ${chosen} on ${confirm.freshSeeds} fresh seeds: ${most}${cells} cells`,
  ];
}

const range = (values: readonly number[]) => {
  const show = (value: number) => Number(value.toPrecision(3)).toString();
  return values.length === 1 ? show(values[0]!) : `${show(values[0]!)} .. ${show(values.at(-1)!)}`;
};
