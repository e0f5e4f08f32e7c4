/** The loss and the errors of weights on a data set. */
import type { Evaluation } from './passes.js';
import type { Batch, Weights } from './step.js';

/** Sums over answers: one an image, or one for each token. */
export interface Totals {
  readonly answers: number;
  /** Sum over the answers of the cross-entropy, nats. */
  readonly loss: number;
  readonly wrong: number;
}

/**
 * Evaluates batches, each of which need be valid only until the next.
 * @param afterEach called after every batch
 */
export async function evaluateBatches(
  evaluation: Evaluation,
  weights: Weights,
  batches: Iterable<Batch>,
  afterEach?: () => Promise<void> | void,
): Promise<Totals> {
  const sizes: number[] = [];
  let total: Totals = { answers: 0, loss: 0, wrong: 0 };
  const settle = async () => {
    for (const score of await evaluation.scores()) {
      const size = sizes.shift()!;
      total = {
        answers: total.answers + size,
        loss: total.loss + score.loss * size,
        wrong: total.wrong + score.wrong,
      };
    }
  };
  for (const batch of batches) {
    evaluation.evaluate(weights, batch);
    sizes.push(batch.labels.length);
    if (evaluation.isDue()) await settle();
    await afterEach?.();
  }
  await settle();
  return total;
}
