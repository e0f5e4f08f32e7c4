/** A small experiment for the tests of the domain. */
import { experimentSchema, type Experiment } from '../../src/experiment/experiment.js';

/** Two optimizers on a grid of 2 x 2; `changes` make it another one. */
export const experiment = (changes: object = {}): Experiment =>
  experimentSchema.parse({
    name: 'x',
    dataset: { name: 'synthetic-mnist', train: 60, test: 20 },
    model: { name: 'mlp', hidden: [4] },
    train: { epochs: 2, batchSize: 20 },
    optimizers: ['adam', 'adamw'],
    grid: { lr: [0.1, 0.2], wd: [0, 0.01] },
    ...changes,
  });
