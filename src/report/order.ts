/**
 * The order of rows and panels. Journals are in the order of completion, which differs from run to run. Tables and
 * figures have the order of this file, which does not.
 */
import { optimizerLabel } from '../experiment/labels.js';
import type { Experiment } from '../experiment/experiment.js';
import type { AnyRecord } from '../experiment/record.js';

/**
 * Records by label (in the order of `experiment.optimizers` where given, then of first appearance), epochs, lr, wd
 * and seed.
 */
export function inDisplayOrder<R extends AnyRecord>(
  records: readonly R[],
  experiment?: Experiment | null,
): R[] {
  const rank = new Map<string, number>();
  const add = (label: string): void => {
    if (!rank.has(label)) rank.set(label, rank.size);
  };
  const present = new Set(records.map((r) => r.label));
  for (const spec of experiment?.optimizers ?? [])
    if (present.has(optimizerLabel(spec))) add(optimizerLabel(spec));
  for (const { label } of records) add(label);
  return records.toSorted(
    (a, b) =>
      rank.get(a.label)! - rank.get(b.label)! ||
      (a.cell.epochs ?? 0) - (b.cell.epochs ?? 0) ||
      a.cell.lr - b.cell.lr ||
      a.cell.wd - b.cell.wd ||
      a.cell.seed - b.cell.seed,
  );
}
