/** Where images are held back, they choose the best cell; its test error is reported. */
import { expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import { epochMetrics, record } from './synthetic.js';

const run = (wd: number, seed: number, testError: number, validationError: number) => {
  const made = record({ lr: 0.01, wd, seed, error: testError });
  const dataset = { ...made.cell.dataset, validation: 100 };
  return {
    ...made,
    cell: { ...made.cell, dataset },
    epochs: [{ ...epochMetrics(1, testError), validationLoss: 1, validationError }],
  };
};

it('chooses by validation error, not by test error', () => {
  const records = [0, 1].flatMap((seed) => [
    run(0.1, seed, 0.1 + seed / 100, 0.3),
    run(0.2, seed, 0.2 + seed / 100, 0.2),
  ]);
  const [found] = decoupling(records).optimizers;
  expect(found!.best).toMatchObject({ wd: 0.2, chosenBy: 'validation' });
  expect(found!.best!.mean).toBeCloseTo(0.205, 12);
  expect(found!.best!.expected.value).toBeCloseTo(0.205, 12);
});
