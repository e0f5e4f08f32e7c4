/** The decay's time scale of a cell, from its own settings. */
import { trainShape } from '../data/catalog.js';
import type { Cell } from '../experiment/cell.js';
import { decayTimescale, type DecayTimescale } from '../optim/timescale.js';

/** Total decay and tau of one run of `cell`; null for L2. */
export function timescaleOf(cell: Cell): DecayTimescale | null {
  const stepsPerEpoch = Math.ceil(trainShape(cell.dataset).n / cell.batchSize);
  const { epochs, warmup } = cell;
  return decayTimescale(cell.optimizer, cell, cell.schedule, { epochs, warmup, stepsPerEpoch });
}
