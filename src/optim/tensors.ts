/** The arithmetic of rules on tensors, and one step of a chain. */
import * as tfjs from '../backends/tfjs.js';
import { sub, tidy, type Scalar, type Tensor, type Tensor1D } from '../backends/tfjs.js';
import type { Transform } from '../rules/transforms.js';
import { opsOf } from './ops.js';
import type { Updated } from './optimizer.js';

const tensorOps = opsOf(tfjs);

/** What a step is computed from. `mask` as for `OptimizerOptions`. */
export interface StepInput {
  readonly theta: Tensor1D;
  readonly gradient: Tensor1D;
  readonly slots: readonly Tensor1D[];
  readonly mask?: Tensor1D | undefined;
}

/**
 * One step: theta - chain(gradient), in fresh tensors. The specification of the fused kernels (fused.ts).
 * @param numbers of the step: numbers, or tensors where the step is recorded (deferred.ts)
 */
export function applyChain(
  links: Transform,
  { theta, gradient, slots, mask }: StepInput,
  numbers: Readonly<Record<string, number | Scalar>>,
): Updated {
  const [next, ...nextSlots] = tidy(() => {
    const step = { ops: tensorOps, theta, mask, slots, s: numbers };
    const out = links.apply<Tensor>(gradient, step);
    return [sub(theta, out.update), ...out.slots] as Tensor1D[];
  });
  return { theta: next!, slots: nextSlots };
}
