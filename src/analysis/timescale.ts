/** The decay's time scale of a cell, from its own settings. */
import { trainShape } from '../data/catalog.js';
import type { AnyRecord } from '../experiment/record.js';
import { decayTimescale, type DecayTimescale } from '../optim/timescale.js';

/** Total decay and tau of one run of `cell`; null for L2, and for imported cells, whose training is not known. */
export function timescaleOf(cell: AnyRecord['cell']): DecayTimescale | null {
  if ('imported' in cell) return null;
  const stepsPerEpoch = Math.ceil(trainShape(cell.dataset).n / cell.batchSize);
  const { epochs, warmup } = cell;
  return decayTimescale(cell.optimizer, cell, cell.schedule, { epochs, warmup, stepsPerEpoch });
}
