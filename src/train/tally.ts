/**
 * The scores of steps that nobody has read yet. They stay on the device, as reading one would make the step wait for
 * it, and are read in blocks.
 */
import { argMax, cast, concat, notEqual, reshape, slice, stack, sum, tidy, zeros } from '../backends/tfjs.js';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Score } from './step.js';

/** Scores that fit. */
const capacity = 512;

/**
 * Scores do not wait longer than this, milliseconds: progress is shown, and a divergence ends the run. Nor is the device
 * given more work than it can do in this time: a read waits for all of it, and meanwhile the process hears nothing.
 */
const longestWait = 2000;

/** How much more than the last time may wait. */
const growth = 4;

/**
 * The rows [capacity, 2] after one more score: [loss, wrong answers], the newest last, the oldest dropped. Part of a
 * recorded step, so it knows no position.
 *
 * A row of logits that has a NaN may count either way: the loss is NaN then.
 */
export function withScore(rows: Tensor2D, loss: Tensor, logits: Tensor2D, labels: Tensor1D): Tensor2D {
  return tidy(() => {
    const wrong = sum(cast(notEqual(argMax(logits, 1), labels), 'float32'));
    const row = reshape(stack([loss, wrong]), [1, 2]);
    return concat([slice(rows, [1, 0], [capacity - 1, 2]), row]) as Tensor2D;
  });
}

/** The rows of `withScore`, and how many of them wait. */
export class Tally {
  private current: Tensor2D = zeros([capacity, 2]);
  private count = 0;
  private since = 0;
  /** How many may wait. How fast the device is shows only when it is waited for, so the first is not left waiting. */
  private limit = 1;

  /** Input of the next step. */
  get rows(): Tensor2D {
    return this.current;
  }

  /** Takes the rows that a step has added its score to. */
  replace(rows: Tensor2D): void {
    this.current.dispose();
    this.current = rows;
    if (this.count === 0) this.since = performance.now();
    this.count++;
  }

  /** Whether the scores should be read now. */
  get isDue(): boolean {
    return this.count >= this.limit || (this.count > 0 && performance.now() - this.since > longestWait);
  }

  /** The scores since the last call, in the order of the steps. Waits for the device. */
  async read(): Promise<Score[]> {
    if (this.count === 0) return [];
    const values = await this.current.data();
    const from = capacity - this.count;
    const scores = Array.from({ length: this.count }, (_, i) => ({
      loss: values[2 * (from + i)]!,
      wrong: values[2 * (from + i) + 1]!,
    }));
    const each = (performance.now() - this.since) / this.count;
    this.limit = Math.max(1, Math.min(capacity, growth * this.limit, Math.floor(longestWait / each)));
    this.count = 0;
    return scores;
  }

  dispose(): void {
    this.current.dispose();
  }
}
