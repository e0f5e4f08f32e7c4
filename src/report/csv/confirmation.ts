/** confirmation.csv: the runs of a second stage. */
import type { Confirmation } from '../../analysis/confirmation.js';
import { kindOf } from '../../experiment/placement.js';
import { hasValidation, selectionError, type RunRecord } from '../../experiment/record.js';
import { write, type Row } from './write.js';

const CONFIRMATION_COLUMNS = [
  'label', 'optimizer', 'schedule', 'role', 'lr', 'wd', 'seed', 'status', 'test_error', 'val_error', 'train_loss',
  'cell',
] as const; // prettier-ignore

/** confirmation.csv: one row per run on a fresh seed, in the order of runs.csv. */
export function confirmationCsv({ choice }: Confirmation, fresh: readonly RunRecord[]): string {
  const rows = fresh.map((record): Row => {
    const { cell, label, status, finalTestError, finalTrainLoss } = record;
    const chosen = choice.chosen.find((c) => c.label === label && c.lr === cell.lr && c.wd === cell.wd);
    return {
      label,
      optimizer: kindOf(cell.optimizer),
      schedule: cell.schedule.name,
      role: chosen?.role ?? null,
      lr: cell.lr,
      wd: cell.wd,
      seed: cell.seed,
      status,
      test_error: finalTestError,
      val_error: hasValidation(record) ? selectionError(record) : null,
      train_loss: finalTrainLoss,
      cell: cell.id,
    };
  });
  return write(rows, CONFIRMATION_COLUMNS, true);
}
