/**
 * The training step of the package in dist/, whichever version that is: the benchmark also runs on earlier ones, to
 * compare two versions in turns. Later versions have `passesOf`, which reads losses in blocks where reading waits for a
 * device; earlier ones have `step` alone, which reads every loss.
 */
import { step } from '../../dist/train/step.js';

const { passesOf } = await import('../../dist/train/passes.js').catch((error) => {
  if (error.code === 'ERR_MODULE_NOT_FOUND') return {};
  throw error;
});

function readEveryLoss(model, optimizer) {
  const waiting = [];
  return {
    train(weights, batch, at, random) {
      const done = step(model, optimizer, weights, batch, at, random);
      waiting.push(done.score);
      return done.weights;
    },
    isDue: () => waiting.length > 0,
    scores: async () => waiting.splice(0),
  };
}

/** `train` gives the next weights; `scores` those of the steps since its last call; `isDue` says when to ask for them. */
export const stepsOf = passesOf ?? readEveryLoss;
