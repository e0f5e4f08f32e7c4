/**
 * One step as one kernel, if the backend has it (AdamStep, SgdStep of backends/kernels.ts). The chains in rules/adam.ts
 * and rules/sgd.ts are the specification; this is the same arithmetic in one pass over memory.
 */
import type { NamedTensorMap, Tensor1D } from '@tensorflow/tfjs-core';
import { familyOf, placementOf, type Family, type Placement } from '../experiment/placement.js';
import { AdamStep, hasKernel, runKernel, SgdStep } from '../backends/kernels.js';
import type { Updated } from './optimizer.js';
import type { OptimizerRule, OptimizerSettings, StepScalars } from './scalars.js';
import type { StepInput } from './tensors.js';

const KERNELS: Readonly<Partial<Record<Family, string>>> = { adam: AdamStep, sgd: SgdStep };

/** What the kernels' `l2` and `decay` can say. */
const FUSED_PLACEMENTS: ReadonlySet<Placement> = new Set(['l2', 'decoupled', 'none']);

/** Whether the current backend can take this optimizer's step in one kernel. */
export function canFuse(rule: OptimizerSettings): rule is OptimizerRule {
  const kernel = KERNELS[familyOf(rule)];
  return kernel !== undefined && FUSED_PLACEMENTS.has(placementOf(rule)) && hasKernel(kernel);
}

/** The vectors of a step; `reuse` as for `Optimizer.update`. */
export interface StepVectors extends StepInput {
  readonly reuse: boolean;
}

/** Takes one step by the backend's kernel. Throws tfjs's error where there is none: ask `canFuse` first. */
export function fusedStep(rule: OptimizerRule, vectors: StepVectors, s: StepScalars): Updated {
  const { theta, gradient, slots, mask, reuse } = vectors;
  const inputs: NamedTensorMap = { theta, gradient, m: slots[0]!, ...(mask && { mask }) };
  const out =
    KERNELS[familyOf(rule)] === AdamStep
      ? runKernel(AdamStep, { ...inputs, v: slots[1]! }, { ...adamAttrs(rule, s), reuse })
      : runKernel(SgdStep, inputs, { ...sgdAttrs(rule, s), reuse });
  const [next, ...nextSlots] = out as Tensor1D[];
  return { theta: next!, slots: nextSlots };
}

const adamAttrs = ({ beta1, beta2 }: OptimizerRule, s: StepScalars) => ({
  beta1,
  beta2,
  bias1: s.bias1,
  bias2: s.bias2,
  stepSize: s.stepSize,
  epsilon: s.epsilon,
  l2: s.l2,
  decay: s.decay,
});

const sgdAttrs = ({ beta1 }: OptimizerRule, s: StepScalars) => ({
  momentum: beta1,
  gradientScale: s.gradientScale,
  momentumScale: s.momentumScale,
  l2: s.l2,
  decay: s.decay,
});
