/** Results folders to export from: the published journals, unpacked and reduced. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RunRecord } from '../../src/experiment/record.js';
import { encodeLine, parseJournal } from '../../src/runner/journal.js';

/** Records of a folder under results/paper; of fig2 those that the fixtures were written from. */
export function published(name: string): readonly RunRecord[] {
  const file = name === 'fig2' ? 'test/fixtures/import/fig2.jsonl.gz' : `results/paper/${name}/runs.jsonl.gz`;
  return parseJournal(gunzipSync(readFileSync(file)), file).records;
}

/** A results folder with these records and no configuration: every record counts. */
export function folderOf(dir: string, records: readonly RunRecord[]): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'runs.jsonl'), records.map(encodeLine).join(''));
  return dir;
}
