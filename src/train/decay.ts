/**
 * Measures how much decay alone shrinks each weight per step, relative to the weight, and how this depends on the size
 * of the weight's gradients. The paper claims that with L2, Adam decays weights with large gradients less.
 *
 * The moments are linear in their input. So the part of m that comes from L2's lambda*theta is itself a moving
 * average, and is kept beside the optimizer's own state. This gives the exact part of a step that is due to decay.
 * Adam+L2 moves a weight by eta lr (mDecay/bias1)/(sqrt(v/bias2) + eps) towards zero; the decoupled forms move it by
 * the decay factor of optim/scalars.ts. Decay in v alone moves nothing: it only makes steps smaller. Recorded over the
 * second half of the run, in plain arrays. It takes a few passes over theta per step, so it is off by default.
 */
import type { Tensor1D } from '@tensorflow/tfjs-core';
import { decayMask, type Model } from '../models/index.js';
import type { StepInfo } from '../optim/optimizer.js';
import {
  positionOf,
  stepScalars,
  type OptimizerRule,
  type Rates,
  type StepScalars,
} from '../optim/scalars.js';
import type { Cell } from '../experiment/cell.js';
import { isClassic } from '../experiment/optimizerSettings.js';
import { familyOf, placementOf } from '../experiment/placement.js';
import type { DecayBucket } from '../experiment/record.js';
import type { Weights } from './step.js';

/** Points of the figure: enough for a smooth curve, few enough to read. */
const bucketCount = 24;

export interface DecayRecorder {
  /** The hook for one step, to be called with the weights before it and its gradient. */
  see(at: StepInfo): (weights: Weights, gradient: Tensor1D) => void;
  /** The same where reading takes its time; the tensors must live until it resolves. */
  seeDeferred(at: StepInfo, weights: Weights, gradient: Tensor1D): Promise<void>;
  /** Relative decay per step by gradient magnitude, smallest gradients first; weight tensors only. */
  buckets(): DecayBucket[];
  /** What a checkpoint must keep, and `decayRecorder` takes back as `from`. */
  arrays(): Float32Array[];
}

/** What is read of a step: theta and the optimizer's vector that the rule needs before it, and its gradient. */
interface SeenStep {
  readonly theta: Float32Array;
  readonly gradient: Float32Array;
  readonly slot: Float32Array | undefined;
}

/** Sums over the recorded steps, per parameter. */
interface Sums {
  /** The part of the first moment that decay put there; runs from the first step. */
  readonly moment: Float32Array;
  readonly squaredGradient: Float32Array;
  /** Movement towards zero caused by decay. */
  readonly shrink: Float32Array;
  readonly magnitude: Float32Array;
  /** [1]: the number of steps summed. */
  readonly steps: Float32Array;
}

/** A recorder for a run of `totalSteps`, from the start or from the arrays of a snapshot. */
export function decayRecorder(
  cell: Cell,
  model: Model,
  totalSteps: number,
  from?: readonly Float32Array[],
): DecayRecorder {
  const n = model.parameterCount;
  const [moment, squaredGradient, shrink, magnitude, steps] =
    from?.map((array) => array.slice()) ?? [n, n, n, n, 1].map((size) => new Float32Array(size));
  const sums = { moment, squaredGradient, shrink, magnitude, steps } as Sums;
  const isWeight = decayMask(model, 'rank1')!;
  const slotOf = ({ slots }: Weights): Tensor1D | undefined => slots[neededSlot(cell.optimizer)];
  const note = (at: StepInfo, { theta, gradient: g, slot }: SeenStep) => {
    const rates = { lr: cell.lr, wd: cell.wd, stepsPerEpoch: totalSteps / cell.epochs };
    const shrinkage = shrinkageOf(cell.optimizer, rates, at, sums.moment, slot);
    const recorded = at.t > totalSteps / 2;
    for (let i = 0; i < n; i++) {
      const towardsZero = shrinkage(i, theta[i]!, g[i]!);
      if (!recorded) continue;
      sums.squaredGradient[i]! += g[i]! * g[i]!;
      sums.shrink[i]! += theta[i]! < 0 ? -towardsZero : towardsZero;
      sums.magnitude[i]! += Math.abs(theta[i]!);
    }
    if (recorded) sums.steps[0]! += 1;
  };
  return {
    see: (at) => (weights, gradient) =>
      note(at, {
        theta: weights.theta.dataSync<'float32'>(),
        gradient: gradient.dataSync<'float32'>(),
        slot: slotOf(weights)?.dataSync<'float32'>(),
      }),
    async seeDeferred(at, weights, gradient) {
      const read = (tensor: Tensor1D) => tensor.data<'float32'>();
      const slot = slotOf(weights);
      note(at, {
        theta: await read(weights.theta),
        gradient: await read(gradient),
        slot: slot && (await read(slot)),
      });
    },
    buckets: () => bucketsOf(sums, isWeight),
    arrays: () => Object.values(sums).map((array: Float32Array) => array.slice()),
  };
}

/** Which of the optimizer's vectors the formulas below need: its place; -1 for none. */
function neededSlot(optimizer: Cell['optimizer']): number {
  const placement = placementOf(optimizer);
  if (placement === 'cautious') return FIRST_MOMENT;
  const isPenalty = placement === 'l2' || placement === 'l2-in-m';
  return isPenalty && familyOf(optimizer) === 'adam' ? SECOND_MOMENT : -1;
}

const FIRST_MOMENT = 0;
const SECOND_MOMENT = 1;

/** The part of parameter i's step that decay causes; carries the decay's own moment along. */
function shrinkageOf(
  optimizer: Cell['optimizer'],
  rates: Rates,
  at: StepInfo,
  moment: Float32Array,
  slot: Float32Array | undefined,
): (i: number, theta: number, g: number) => number {
  const placement = placementOf(optimizer);
  switch (placement) {
    case 'none':
    case 'l2-in-v':
      return () => 0;
    case 'decoupled': {
      const { decay } = positionOf(optimizer, rates, at);
      return (_i, theta) => decay * theta;
    }
    case 'cautious': {
      const rule = requireClassic(optimizer);
      const s = stepScalars(rule, rates, at);
      const momentum = nextMomentum(rule, s, slot!);
      return (i, theta, g) =>
        s.stepSize * Math.sign(momentum(i, g)) * Math.sign(theta) >= 0 ? s.decay * theta : 0;
    }
    case 'l2':
    case 'l2-in-m': {
      const rule = requireClassic(optimizer);
      return penaltyShrinkage(rule, stepScalars(rule, rates, at), moment, slot, placement === 'l2');
    }
  }
}

/** The formulas below are those of Adam and SGD. A configuration that wants others measured is refused. */
function requireClassic(optimizer: Cell['optimizer']): OptimizerRule {
  if (isClassic(optimizer)) return optimizer;
  throw new Error(`The decay of ${optimizer.name} within its moments cannot be recorded.`);
}

/** m after the step, where decay does not enter it: it has the sign of the update. */
function nextMomentum(
  { name, beta1 }: OptimizerRule,
  s: StepScalars,
  m: Float32Array,
): (i: number, g: number) => number {
  const scale = familyOf({ name }) === 'adam' ? 1 - beta1 : s.gradientScale;
  return (i, g) => beta1 * m[i]! + scale * g;
}

/** The step of the penalty's own first moment. `slot`: Adam's second one; `inV`: whether the penalty enters it too. */
function penaltyShrinkage(
  { name, beta1, beta2 }: OptimizerRule,
  s: StepScalars,
  moment: Float32Array,
  slot: Float32Array | undefined,
  inV: boolean,
): (i: number, theta: number, g: number) => number {
  if (familyOf({ name }) === 'sgd') {
    return (i, theta) => {
      moment[i] = beta1 * moment[i]! + s.gradientScale * s.l2 * theta;
      return s.momentumScale * moment[i];
    };
  }
  const v = slot!;
  return (i, theta, g) => {
    const total = inV ? g + s.l2 * theta : g;
    moment[i] = beta1 * moment[i]! + (1 - beta1) * s.l2 * theta;
    const next = beta2 * v[i]! + (1 - beta2) * total * total;
    return (s.stepSize * (moment[i] / s.bias1)) / (Math.sqrt(next / s.bias2) + s.epsilon);
  };
}

/** Weights with a gradient at all, sorted by its root mean square, in equal parts; medians within each. */
function bucketsOf(
  { squaredGradient, shrink, magnitude, steps }: Sums,
  isWeight: Float32Array,
): DecayBucket[] {
  const alive = [...squaredGradient.keys()].filter(
    (i) => isWeight[i] && squaredGradient[i]! > 0 && magnitude[i]! > 0,
  );
  alive.sort((a, b) => squaredGradient[a]! - squaredGradient[b]!);
  const count = Math.min(bucketCount, alive.length);
  return Array.from({ length: count }, (_, k) => {
    const members = alive.slice(
      Math.floor((k * alive.length) / count),
      Math.floor(((k + 1) * alive.length) / count),
    );
    return {
      gradient: median(members.map((i) => Math.sqrt(squaredGradient[i]! / steps[0]!))),
      relativeDecay: median(members.map((i) => shrink[i]! / magnitude[i]!)),
      count: members.length,
    };
  });
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
