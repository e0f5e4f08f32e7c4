/** The run that a setting is for: what its schedule does, and how much its decay takes in all. */
import type { Schedule } from '../experiment/specs.js';
import { makeSchedule, type ScheduleFunction } from '../optim/schedule.js';
import { decayTimescale, type DecayTimescale } from '../optim/timescale.js';
import { etaPower, type Convention } from './conventions.js';
import { ConvertError } from './errors.js';

export interface Run {
  readonly schedule: Schedule;
  /** Epochs of linear warm-up. */
  readonly warmup: number;
  /** Absent: only what needs no numbers of steps can be answered. */
  readonly length?: RunLength | undefined;
}

export interface RunLength {
  readonly epochs: number;
  readonly batchSize: number;
  /** Training images, or examples. */
  readonly images: number;
}

/** The last, smaller batch of an epoch counts as a step, as in our runs and in the libraries' own loops. */
export const stepsPerEpochOf = ({ images, batchSize }: RunLength): number => Math.ceil(images / batchSize);

/** What the conventions can see of a run. */
export interface RunFacts {
  /** eta_t is 1 in every step: what is scheduled and what is not are the same. */
  readonly isFlat: boolean;
  /** Steps of the run, or of every restart cycle if all are equally long; null if they are not; NaN without a length. */
  readonly cycleSteps: number | null;
  /** NaN without a length. */
  readonly stepsPerEpoch: number;
}

/** @throws ConvertError if the schedule and the length do not fit */
export function factsOf(run: Run): RunFacts {
  const { schedule, warmup, length } = run;
  if (!length) {
    return { isFlat: schedule.name === 'constant' && warmup === 0, cycleSteps: NaN, stepsPerEpoch: NaN };
  }
  const at = scheduleOf(run, length);
  const steps = length.epochs * stepsPerEpochOf(length);
  const first = at(1);
  let isFlat = true;
  let cycleSteps: number | null = first.cycleSteps;
  for (let t = 1; t <= steps; t++) {
    const here = at(t);
    if (here.eta !== 1) isFlat = false;
    if (here.cycleSteps !== first.cycleSteps) cycleSteps = null;
  }
  return { isFlat, cycleSteps, stepsPerEpoch: stepsPerEpochOf(length) };
}

function scheduleOf({ schedule, warmup }: Run, length: RunLength): ScheduleFunction {
  try {
    return makeSchedule(schedule, { epochs: length.epochs, stepsPerEpoch: stepsPerEpochOf(length), warmup });
  } catch (error) {
    if (error instanceof RangeError) throw new ConvertError(error.message, 'convert-run');
    throw error;
  }
}

/**
 * What a decoupled decay does over the run, in e-folds and epochs; null without a length. `timescale` is the paper's
 * convention with wd / S. `corrected` is summed here: its factor is eta_t^2 alpha lambda.
 */
export function decayOf(
  convention: Convention,
  { lr, wd }: { readonly lr: number; readonly wd: number },
  run: Run,
): DecayTimescale | null {
  const { schedule, warmup, length } = run;
  if (!length) return null;
  const shape = { epochs: length.epochs, stepsPerEpoch: stepsPerEpochOf(length), warmup };
  const sum = (known: 'paper' | 'lr' | 'constant' | 'normalized', rate: number) =>
    decayTimescale({ name: 'adamw', convention: known }, { lr, wd: rate }, schedule, shape);
  if (convention === 'timescale') return sum('paper', wd / shape.stepsPerEpoch);
  if (convention !== 'corrected') return sum(convention, wd);
  if (wd === 0) return { total: 0, tau: null };
  const at = scheduleOf(run, length);
  let [total, full] = [0, 0];
  for (let t = 1; t <= shape.epochs * shape.stepsPerEpoch; t++) {
    const { eta } = at(t);
    total += eta ** etaPower(convention) * lr * wd;
    full += eta;
  }
  return { total, tau: full / (shape.stepsPerEpoch * total) };
}
