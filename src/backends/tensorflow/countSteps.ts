/**
 * tfjs's optimizers count their steps in JavaScript, where no recording sees it. They save the number, and Adam
 * computes its bias corrections from it when it is loaded: so it must go on in recorded steps, too.
 */
import { Optimizer } from '@tensorflow/tfjs-core';

/** An optimizer, as far as its count goes. */
export interface Counting {
  incrementIterations(): void;
}

/** Runs `work`, and tells whose steps were counted meanwhile: one entry for each step. */
export function watchCounts<T>(work: () => T): { out: T; counted: readonly Counting[] } {
  const prototype = Optimizer.prototype as unknown as Counting;
  const { incrementIterations } = prototype;
  const counted: Counting[] = [];
  prototype.incrementIterations = function (this: Counting) {
    counted.push(this);
    incrementIterations.call(this);
  };
  try {
    return { out: work(), counted };
  } finally {
    prototype.incrementIterations = incrementIterations;
  }
}
