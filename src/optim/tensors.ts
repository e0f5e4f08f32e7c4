/** The arithmetic of rules on tensors, and one step of a chain. */
import {
  abs,
  add,
  cast,
  concat,
  div,
  greater,
  less,
  logicalAnd,
  logicalNot,
  logicalOr,
  matMul,
  maximum,
  mul,
  reshape,
  split,
  sqrt,
  square,
  sub,
  sum,
  tidy,
  type Scalar,
  type Tensor,
  type Tensor1D,
} from '../backends/tfjs.js';
import type { Ops } from '../rules/ops.js';
import type { Transform } from '../rules/transforms.js';
import type { Updated } from './optimizer.js';

const floats = (x: Tensor): Tensor => cast(x, 'float32');

/**
 * The signs are compared, since x y of two small numbers rounds to 0. tfjs's `sign` would not do: on wasm it calls
 * small numbers 0.
 */
const agree = (x: Tensor, y: Tensor): Tensor =>
  floats(logicalNot(logicalOr(logicalAnd(greater(x, 0), less(y, 0)), logicalAnd(less(x, 0), greater(y, 0)))));

const tensorOps: Ops<Tensor> = {
  add,
  sub,
  mul,
  div,
  max: maximum,
  sqrt,
  square,
  abs,
  sign: (x) => sub(floats(greater(x, 0)), floats(less(x, 0))),
  agree,
  split: (x, sizes) => split(x, [...sizes]),
  concat: (parts) => concat([...parts]),
  reshape: (x, shape) => reshape(x, [...shape]),
  matMul: (a, b, transposed) => matMul(a, b, transposed.a ?? false, transposed.b ?? false),
  norm: (x) => sqrt(sum(square(x))),
};

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
