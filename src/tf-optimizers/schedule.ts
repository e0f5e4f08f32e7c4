/** Schedules as an option: data, so that they are saved with the model. The curves are those of src/optim. */
import { makeSchedule, type ScheduleFunction } from '../optim/schedule.js';
import { OptionError } from './errors.js';

const WSD_SHAPES = ['1-sqrt', 'linear'] as const;
type WsdShape = (typeof WSD_SHAPES)[number];

/** A schedule and the length of its run. */
export type ScheduleOption = (
  | { readonly name: 'constant' }
  /** Multiplied by `factor` (0.1) at each of `at` ([0.3, 0.6, 0.8]), which are fractions of the run. */
  | { readonly name: 'step'; readonly at?: readonly number[]; readonly factor?: number }
  | { readonly name: 'cosine' }
  /** 1; then, for the last `decay` (0.2) of the run, down along 1 - sqrt(p) (`shape`'s default) or a line. */
  | { readonly name: 'wsd'; readonly decay?: number; readonly shape?: WsdShape }
  /** Cosine cycles: the first lasts `firstCycle` epochs, each next one is `multiply` (2) times longer. */
  | { readonly name: 'warm-restarts'; readonly firstCycle: number; readonly multiply?: number }
) & {
  /** Epochs of the run, warm-up included. */
  readonly epochs: number;
  /** Batches in an epoch. */
  readonly stepsPerEpoch: number;
  /** Epochs of linear warm-up; default 0. */
  readonly warmup?: number;
};

/** Of the step t, counted from 1. */
export type StepSchedule = (t: number) => { eta: number; cycleSteps: number };

const KEYS: Readonly<Record<ScheduleOption['name'], readonly string[]>> = {
  constant: [],
  step: ['at', 'factor'],
  cosine: [],
  wsd: ['decay', 'shape'],
  'warm-restarts': ['firstCycle', 'multiply'],
};
const SHAPE = ['epochs', 'stepsPerEpoch', 'warmup'];

/**
 * eta_t, the multiplier of the learning rate, and the steps of the cycle that step t belongs to. After the end of the run it
 * stays what it was in the last step.
 *
 *     const at = scheduleFunction({ name: 'cosine', epochs: 10, stepsPerEpoch: 100, warmup: 1 });
 *     at(1).eta; // 0.01
 *
 * @throws OptionError for an option that makes no schedule
 */
export function scheduleFunction(option: ScheduleOption): StepSchedule {
  requireKeys(option);
  const { epochs, stepsPerEpoch, warmup = 0 } = option;
  const at = refusing(() => makeSchedule(withDefaults(option), { epochs, stepsPerEpoch, warmup }));
  const total = Math.round(epochs * stepsPerEpoch);
  return (t) => at(Math.min(t, total));
}

function requireKeys(option: ScheduleOption): void {
  if (!Object.hasOwn(KEYS, option.name))
    throw new OptionError(
      `There is no schedule ${JSON.stringify(option.name)}: the schedules are ${Object.keys(KEYS).join(', ')}.`,
    );
  const known = ['name', ...KEYS[option.name], ...SHAPE];
  const unknown = Object.keys(option).filter((key) => !known.includes(key));
  if (unknown.length > 0)
    throw new OptionError(
      `The schedule ${option.name} has no option ${unknown.join(', ')} (its options are ${known.join(', ')}).`,
    );
  const faults = Object.entries(option).flatMap(([key, value]) => faultOf(key, value));
  if (faults.length > 0) throw new OptionError(`The schedule ${option.name}: ${faults.join('; ')}.`);
}

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

const isAscending = (at: unknown): boolean =>
  Array.isArray(at) && at.every((x, i) => isAmount(x) && x <= 1 && (i === 0 || x > (at[i - 1] as number)));

/** What src/optim does not refuse by itself. */
function faultOf(key: string, value: unknown): string[] {
  if (key === 'name' || value === undefined) return [];
  if (key === 'at')
    return isAscending(value) ? [] : ['at must be a list of ascending fractions of the run, from 0 to 1'];
  if (key === 'decay')
    return isAmount(value) && value > 0 && value <= 1
      ? []
      : ['decay must be a share of the run, above 0 and at most 1'];
  if (key === 'shape')
    return WSD_SHAPES.includes(value as WsdShape) ? [] : [`shape must be ${WSD_SHAPES.join(' or ')}`];
  const least = key === 'multiply' ? 1 : 0;
  return isAmount(value) && value >= least ? [] : [`${key} must be a finite number of ${least} or more`];
}

/** The defaults are those of a configuration file (experiment/specs.ts). */
function withDefaults(option: ScheduleOption): Parameters<typeof makeSchedule>[0] {
  switch (option.name) {
    case 'step':
      return { name: 'step', at: [...(option.at ?? [0.3, 0.6, 0.8])], factor: option.factor ?? 0.1 };
    case 'wsd':
      return { name: 'wsd', decay: option.decay ?? 0.2, shape: option.shape ?? '1-sqrt' };
    case 'warm-restarts':
      return { name: 'warm-restarts', firstCycle: option.firstCycle, multiply: option.multiply ?? 2 };
    default:
      return { name: option.name };
  }
}

/** What src/optim refuses is a wrong option here. */
function refusing(make: () => ScheduleFunction): ScheduleFunction {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new OptionError(error.message);
    throw error;
  }
}
