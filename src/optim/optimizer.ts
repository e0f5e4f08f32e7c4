/** The shape of every optimizer: a pure update of one flat vector. */
import type { Tensor1D } from '@tensorflow/tfjs-core';

/** The position of a step in the run. */
export interface StepInfo {
  /** t, counted from 1. */
  readonly t: number;
  /** Schedule multiplier eta_t of this step. */
  readonly eta: number;
  /** Steps in the current annealing cycle (B T_i / b): what `normalized` decay is normalised by. */
  readonly cycleSteps: number;
}

/** New parameters and new slots; the old tensors are left to the caller to dispose. */
export interface Updated {
  readonly theta: Tensor1D;
  readonly slots: Tensor1D[];
}

/**
 * A pure optimizer: state goes in and comes out as tensors, so a checkpoint is a few arrays. All vectors have theta's
 * length.
 */
export interface Optimizer {
  /** Names of the state vectors, e.g. ['m', 'v'], in the order of `slots`. */
  readonly slots: readonly string[];
  /** [n]: what the steps read besides their arguments; absent: nothing. */
  readonly mask?: Tensor1D | undefined;
  /** Fresh state for n parameters: one zero vector per slot. */
  init(n: number): Tensor1D[];
  /** One step. `reuse`: theta and slots are not needed any more, so that the new ones may be written over them. */
  update(
    theta: Tensor1D,
    gradient: Tensor1D,
    slots: readonly Tensor1D[],
    at: StepInfo,
    reuse?: boolean,
  ): Updated;
  /** The numbers of step `at` that differ from step to step: what `updateBy` wants as a tensor. */
  numbers(at: StepInfo): Float32Array;
  /** `update` by the numbers of a step, in a form that can be recorded (backends/repeat.ts). Writes to no input. */
  updateBy(numbers: Tensor1D, theta: Tensor1D, gradient: Tensor1D, slots: readonly Tensor1D[]): Updated;
}
