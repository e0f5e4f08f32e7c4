import { expect, it } from 'vitest';
import { optimizerLabel } from '../../src/experiment/labels.js';
import { OPTIMIZER_NAMES, placementProblem, PLACEMENTS } from '../../src/experiment/placement.js';

it('every optimizer has a label of its own, unless the configuration gives one', () => {
  expect(OPTIMIZER_NAMES.map((name) => optimizerLabel({ name }))).toEqual([
    'Adam+L2',
    'AdamW',
    'SGD+L2',
    'SGDW',
    'Nesterov+L2',
    'AMSGrad+L2',
    'Adamax+L2',
    'NAdam+L2',
    'RAdam+L2',
    'RMSProp+L2',
    'Adagrad+L2',
    'Adadelta+L2',
    'Lion',
    'Muon',
  ]);
  expect(PLACEMENTS.map((placement) => optimizerLabel({ name: 'adam', placement }))).toEqual([
    'Adam+L2',
    'Adam, l2 in m',
    'Adam, l2 in v',
    'AdamW',
    'Adam, cautious decay',
    'Adam, no decay',
  ]);
  expect(optimizerLabel({ name: 'lion', placement: 'l2' })).toBe('Lion+L2');
  expect(optimizerLabel({ name: 'adam', label: 'mine' })).toBe('mine');
});

it('no two optimizers share a default label', () => {
  const all = OPTIMIZER_NAMES.filter((name) => !/w$/.test(name)).flatMap((name) =>
    PLACEMENTS.filter((placement) => placementProblem({ name, placement }) === undefined).map((placement) =>
      optimizerLabel({ name, placement }),
    ),
  );
  expect(new Set(all).size).toBe(all.length);
});
