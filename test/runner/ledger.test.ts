/** The ledger: what it says a cell has is what the journal has. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openJournal } from '../../src/runner/journal.js';
import { openLedger } from '../../src/runner/ledger.js';
import { recordOf } from './records.js';
import { scratch } from './scratch.js';

it('has the earlier record of a retried cell where the later one could not be written', async () => {
  const { journal } = await openJournal(join(scratch(), 'runs.jsonl'));
  const earlier = recordOf({ status: 'failed' });
  const { id } = earlier.cell;
  const full = { ...journal, append: () => Promise.reject(new Error('disk full')) };
  const ledger = openLedger(full, new Map([[id, earlier]]), () => undefined);
  const retried = recordOf({ startedAt: '2026-02-03T04:05:06.789Z' });
  await expect(ledger.keep(retried)).rejects.toThrow('disk full');
  expect(ledger.found.get(id)).toBe(earlier);
  expect(ledger.isNew(id)).toBe(false);
  const other = recordOf({ seed: 1 });
  await expect(ledger.keep(other)).rejects.toThrow('disk full');
  expect(ledger.found.has(other.cell.id)).toBe(false);
});
