/** The records of a sweep's cells, kept up with what other coordinators append to the same journal. */
import type { RunRecord } from '../experiment/record.js';
import type { Journal } from './journal.js';

export interface Ledger {
  /** The last record of each cell, by id. */
  readonly found: ReadonlyMap<string, RunRecord>;
  /** Whether a cell has got a record since the ledger was opened. */
  isNew(id: string): boolean;
  /** Takes in what others have appended. */
  catchUp(): Promise<void>;
  /** Appends a record; false (and nothing done) where its cell has got one since the ledger was opened. */
  keep(record: RunRecord): Promise<boolean>;
}

/**
 * @param found the records that are there already, by cell id
 * @param onOthers told of each record that another coordinator has appended
 */
export function openLedger(
  journal: Journal,
  found: Map<string, RunRecord>,
  onOthers: (record: RunRecord) => void,
): Ledger {
  const before = new Map(found);
  // A cell trained once more has another start; its record alone does not say which is the new one.
  const isNew = (id: string) => found.has(id) && found.get(id)!.startedAt !== before.get(id)?.startedAt;
  const catchUp = async () => {
    for (const record of await journal.newRecords()) {
      const { id } = record.cell;
      const known = [found.get(id), before.get(id)].some((one) => one?.startedAt === record.startedAt);
      if (known) continue;
      found.set(id, record);
      onOthers(record);
    }
  };
  return {
    found,
    isNew,
    catchUp,
    async keep(record) {
      await catchUp();
      if (isNew(record.cell.id)) return false;
      const earlier = found.get(record.cell.id);
      found.set(record.cell.id, record);
      try {
        await journal.append(record);
      } catch (error) {
        if (earlier) found.set(record.cell.id, earlier);
        else found.delete(record.cell.id);
        throw error;
      }
      return true;
    },
  };
}
