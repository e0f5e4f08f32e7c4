/** The optimizer of records and cells that the tests make up: Adam with the defaults of a configuration. */
import type { Cell } from '../../src/experiment/cell.js';

export const ruleOf = (name: Cell['optimizer']['name']): Cell['optimizer'] => ({
  name,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  epsForm: 'paper',
  momentumForm: 'paper',
  convention: 'paper',
  exclude: 'none',
});
