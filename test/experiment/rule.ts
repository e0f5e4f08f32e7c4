/** The optimizer of records and cells that the tests make up: a rule with the defaults of a configuration. */
import type { Cell } from '../../src/experiment/cell.js';
import { cellOptimizerOf, optimizerSchema } from '../../src/experiment/optimizerSpec.js';

export const ruleOf = (name: Cell['optimizer']['name']): Cell['optimizer'] =>
  cellOptimizerOf(optimizerSchema.parse({ name }));
