/**
 * The journal, runs.jsonl: one line per finished cell, appended and flushed to disk before anything else happens.
 * All tables and figures derive from it. Each line carries a checksum; a line that was torn by a power cut or
 * damaged on disk is set aside, and its cell trained again.
 */
import { createHash } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { writeAtomically } from '../files/atomic.js';
import { isGenuine } from '../train/cell.js';
import type { RunRecord } from '../train/record.js';

export interface JournalContent {
  /** The last record of each cell, in the order of first appearance. */
  readonly records: readonly RunRecord[];
  /** Lines that are not whole, a torn last one included, in their original text. */
  readonly damaged: readonly string[];
}

const checksum = (json: string) => createHash('sha256').update(json).digest('hex').slice(0, 16);

/** A record as its journal line, newline included. */
export function encodeLine(record: RunRecord): string {
  const json = JSON.stringify(record);
  return `{"sha256":"${checksum(json)}","record":${json}}\n`;
}

const linePattern = /^\{"sha256":"([0-9a-f]{16})","record":(\{.*\})\}$/s;

/** The record on a line, or undefined where the line is damaged or its cell is not what its id says. */
export function decodeLine(line: string): RunRecord | undefined {
  const match = linePattern.exec(line);
  if (!match || checksum(match[2]!) !== match[1]) return undefined;
  const record = JSON.parse(match[2]!) as RunRecord;
  return isWellFormed(record) ? record : undefined;
}

/** The parts that everything downstream relies on; the checksum vouches for the rest. */
function isWellFormed(record: RunRecord): boolean {
  const { cell, label, status, epochs } = record;
  return (
    typeof cell === 'object' &&
    cell !== null &&
    isGenuine(cell) &&
    typeof label === 'string' &&
    ['ok', 'diverged', 'failed', 'timeout'].includes(status) &&
    Array.isArray(epochs) &&
    epochs.every((one: unknown) => typeof one === 'object' && one !== null)
  );
}

/** Parses a journal's bytes (which may exceed the longest string); later records of a cell replace earlier ones. */
export function parseJournal(bytes: Buffer): JournalContent {
  const records = new Map<string, RunRecord>();
  const damaged: string[] = [];
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(10, from);
    const to = newline === -1 ? bytes.length : newline;
    const line = bytes.toString('utf8', from, to);
    // Without its newline even a line that parses is not known to be whole on disk.
    const record = newline === -1 ? undefined : decodeLine(line);
    if (record) records.set(record.cell.id, record);
    else damaged.push(line);
    from = to + 1;
  }
  return { records: [...records.values()], damaged };
}

/** Reads a journal; one that does not exist is empty. */
export async function readJournal(file: string): Promise<JournalContent> {
  try {
    return parseJournal(await readFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { records: [], damaged: [] };
    throw error;
  }
}

/** A journal open for appending. */
export interface Journal {
  readonly file: string;
  /** Resolves when the record is on disk. @throws the file system's error; the journal stays whole. */
  append(record: RunRecord): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal. Damaged lines are moved to `<file>.damaged` first, so that what remains is whole; `onDamage` is
 * told how many.
 */
export async function openJournal(
  file: string,
  onDamage: (count: number, movedTo: string) => void = () => undefined,
): Promise<{ journal: Journal; records: readonly RunRecord[] }> {
  const { records, damaged } = await readJournal(file);
  if (damaged.length > 0) {
    const grave = `${file}.damaged`;
    const before = await readFile(grave, 'utf8').catch(() => '');
    await writeAtomically(grave, before + damaged.map((line) => `${line}\n`).join(''));
    await writeAtomically(file, records.map(encodeLine).join(''));
    onDamage(damaged.length, grave);
  }
  const handle = await open(file, 'a');
  return { journal: journalOn(file, handle), records };
}

function journalOn(file: string, handle: FileHandle): Journal {
  let last: Promise<void> = Promise.resolve();
  const appendNow = async (record: RunRecord) => {
    const { size } = await handle.stat();
    try {
      await handle.appendFile(encodeLine(record));
      await handle.sync();
    } catch (error) {
      // A disk that fills up may take half a line: give it back, so that the next run finds a whole journal.
      await handle.truncate(size).catch(() => undefined);
      throw error;
    }
  };
  return {
    file,
    append: (record) => (last = last.catch(() => undefined).then(() => appendNow(record))),
    close: async () => {
      await last.catch(() => undefined);
      await handle.close();
    },
  };
}
