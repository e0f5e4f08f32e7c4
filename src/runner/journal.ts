/**
 * The journal, runs.jsonl: one line per finished cell, appended and flushed to disk before anything else happens.
 * All tables and figures derive from it. Each line carries a checksum; a line that was cut by a power cut or
 * damaged on disk is set aside, and its cell is trained again. Several coordinators may append to one journal: each
 * holds `<file>.lock` while it writes.
 */
import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReportedError } from '../errors/reported.js';
import { writeAtomically } from '../files/atomic.js';
import { flush } from '../files/flush.js';
import { holdingLock } from '../files/lock.js';
import { packageVersion } from '../files/version.js';
import { isImported, type AnyRecord, type ImportedRecord, type RunRecord } from '../experiment/record.js';
import { ImportedFolderError } from './importManifest.js';
import { isValidImport, isValidRecord } from './validRecord.js';

export interface JournalContent {
  /** The last record of each cell, in the order of first appearance. */
  readonly records: readonly RunRecord[];
  /** Those of another program, likewise; absent where there are none. A journal has records of one kind. */
  readonly imported?: readonly ImportedRecord[];
  /** What is no record, a torn last line included, in its original text. */
  readonly damaged: readonly string[];
}

/** A journal has whole lines that another version of the program has written. They are neither moved nor dropped. */
export class JournalVersionError extends ReportedError {
  constructor(file: string, lines: number) {
    super(
      `${lines} line${lines === 1 ? '' : 's'} of ${file} ${lines === 1 ? 'was' : 'were'} written by another version of adamw-bench, and this one (${packageVersion}) cannot read ${lines === 1 ? 'it' : 'them'}.`,
      {
        code: 'journal-of-another-version',
        remedy: 'Use that version, or another folder with --out.',
      },
    );
  }
}

const checksum = (json: string) => hash('sha256', json).slice(0, 16);

/** A record as its journal line, newline included. */
export function encodeLine(record: AnyRecord): string {
  const json = JSON.stringify(record);
  return `{"sha256":"${checksum(json)}","record":${json}}\n`;
}

/** Where a line starts. Inside of JSON text its quotes would be escaped, so it is found nowhere else. */
const lineStart = '{"sha256":"';
const linePattern = /^\{"sha256":"([0-9a-f]{16})","record":(\{.*\})\}$/s;

/** What a line holds: a record, one of another version, or nothing whole. */
type Line = { readonly record: AnyRecord } | 'of-another-version' | 'damaged';

function readLine(line: string): Line {
  const json = intactJson(line);
  if (json === undefined) return 'damaged';
  const value = parseJson(json);
  return isValidRecord(value) || isValidImport(value) ? { record: value } : 'of-another-version';
}

/** The record's text on a line whose checksum is right. */
function intactJson(line: string): string | undefined {
  const match = linePattern.exec(line);
  return match && checksum(match[2]!) === match[1] ? match[2] : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The record on a line, with all fields that it has; undefined where the line is damaged or of another version. */
export function decodeLine(line: string): RunRecord | undefined {
  const read = readLine(line);
  return typeof read === 'string' || isImported(read.record) ? undefined : read.record;
}

/** What the lines of a journal, or of a part of it, hold. */
interface Pieces {
  readonly records: AnyRecord[];
  readonly damaged: string[];
  /** How many are whole, but of another version. */
  foreign: number;
}

/**
 * Reads a line that should hold one record. It can hold several where a newline was damaged, or where a line was
 * appended behind a torn one.
 */
function readPieces(line: string, into: Pieces): void {
  const whole = readLine(line);
  if (whole !== 'damaged') {
    add(whole, into);
    return;
  }
  for (const piece of line.split(/(?=\{"sha256":")/)) {
    const end = piece.lastIndexOf('}') + 1;
    const read = piece.startsWith(lineStart) ? readLine(piece.slice(0, end)) : 'damaged';
    if (read !== 'damaged') add(read, into);
    const rest = read === 'damaged' ? piece : piece.slice(end);
    if (rest.trim() !== '') into.damaged.push(rest);
  }
}

function add(read: Exclude<Line, 'damaged'>, into: Pieces): void {
  if (read === 'of-another-version') into.foreign++;
  else into.records.push(read.record);
}

/**
 * Whether bytes from the start of a file show that a journal was written there: a line with a right checksum. With
 * `damaged`, for a folder that is ours, a line that has been one will do, and so will what a power cut leaves of a
 * new file: nothing, zeros, a few characters.
 */
export function isJournal(bytes: Buffer, { damaged = false } = {}): boolean {
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(10, from);
    const to = newline === -1 ? bytes.length : newline;
    if (
      bytes
        .toString('utf8', from, to)
        .split(/(?=\{"sha256":")/)
        .some((piece) => intactJson(piece.slice(0, piece.lastIndexOf('}') + 1)) !== undefined)
    )
      return true;
    from = to + 1;
  }
  return damaged && (/\{"sha256":"[0-9a-f]{16}","record":\{/.test(bytes.toString('latin1')) || isStub(bytes));
}

/** Whether bytes are what is left of a file whose first line was being written. */
function isStub(bytes: Buffer): boolean {
  if (bytes.every((byte) => byte === 0)) return true;
  const text = bytes.toString('latin1');
  return text.length < 40 && (lineStart.startsWith(text) || text.startsWith(lineStart));
}

/**
 * Parses a journal's bytes (which may exceed the longest string); later records of a cell replace earlier ones.
 * @param file where they are from
 * @throws JournalVersionError
 */
export function parseJournal(bytes: Buffer, file: string): JournalContent {
  const found: Pieces = { records: [], damaged: [], foreign: 0 };
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(10, from);
    const to = newline === -1 ? bytes.length : newline;
    readPieces(bytes.toString('utf8', from, to), found);
    from = to + 1;
  }
  if (found.foreign > 0) throw new JournalVersionError(file, found.foreign);
  const last = [...new Map(found.records.map((record) => [record.cell.id, record])).values()];
  const imported = last.filter(isImported);
  const records = last.filter((record): record is RunRecord => !isImported(record));
  return { records, ...(imported.length > 0 ? { imported } : {}), damaged: found.damaged };
}

/** Reads a journal; one that does not exist is empty. @throws JournalVersionError */
export async function readJournal(file: string): Promise<JournalContent> {
  try {
    return parseJournal(await readFile(file), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { records: [], damaged: [] };
    throw error;
  }
}

/** A journal open for appending. */
export interface Journal {
  readonly file: string;
  /**
   * Resolves when the record is on disk.
   * @throws the file system's error, ENOENT where the journal has been removed; what was in it stays whole
   */
  append(record: RunRecord): Promise<void>;
  /** The records that were appended since the last call (or the opening), by any process. @throws JournalVersionError */
  newRecords(): Promise<readonly RunRecord[]>;
  /** Resolves when nothing is being written any more. */
  close(): Promise<void>;
}

const lockOf = (file: string) => `${file}.lock`;

/**
 * Opens a journal, making it where there is none. Damaged lines are moved to `<file>.damaged` first, so that what
 * remains is whole; `onDamage` is told how many.
 * @throws JournalVersionError, ImportedFolderError, and nothing is moved then
 */
export async function openJournal(
  file: string,
  onDamage: (count: number, movedTo: string) => void = () => undefined,
): Promise<{ journal: Journal; records: readonly RunRecord[] }> {
  return holdingLock(lockOf(file), async () => {
    const { records, imported, damaged } = await readJournal(file);
    if (imported) throw new ImportedFolderError(dirname(file));
    if (damaged.length > 0) {
      const damagedFile = `${file}.damaged`;
      await appendFlushed(damagedFile, damaged.map((piece) => `${piece}\n`).join(''));
      await writeAtomically(file, Buffer.concat(records.map((record) => Buffer.from(encodeLine(record)))));
      onDamage(damaged.length, damagedFile);
    }
    await (await open(file, 'a')).close();
    return { journal: journalOn(file, await stat(file)), records };
  });
}

async function appendFlushed(file: string, text: string): Promise<void> {
  const handle = await open(file, 'a');
  try {
    await handle.appendFile(text);
    await flush(handle);
  } finally {
    await handle.close();
  }
}

/** Appends to what is there; unlike the flag 'a' it makes no new file where the old one was taken away. */
const appending = constants.O_RDWR | constants.O_APPEND;

async function appendLine(file: string, line: string): Promise<void> {
  const handle = await open(file, appending);
  try {
    const { size } = await handle.stat();
    // Behind a torn line (a power cut's) ours must not be taken for its end.
    const start = size > 0 && !(await endsInNewline(handle, size)) ? '\n' : '';
    try {
      await handle.appendFile(start + line);
      await flush(handle);
    } catch (error) {
      // A disk that fills up may take half a line: give it back, so that the next run finds a whole journal.
      await handle.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

async function endsInNewline(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 10;
}

function journalOn(file: string, seen: { readonly ino: number; readonly size: number }): Journal {
  let last: Promise<unknown> = Promise.resolve();
  const appendNow = (record: RunRecord) =>
    holdingLock(lockOf(file), () => appendLine(file, encodeLine(record)));
  return {
    file,
    append(record) {
      const done = last.catch(() => undefined).then(() => appendNow(record));
      last = done;
      return done;
    },
    async newRecords() {
      const { text, next } = await readBeyond(file, seen);
      seen = next;
      return parseJournal(text, file).records;
    },
    close: async () => {
      await last.catch(() => undefined);
    },
  };
}

/** Whole lines behind what was seen of a file; all of it where it was replaced (its damaged lines moved away). */
async function readBeyond(file: string, seen: { readonly ino: number; readonly size: number }) {
  const handle = await open(file, 'r');
  try {
    const { ino, size } = await handle.stat();
    const from = ino === seen.ino && size >= seen.size ? seen.size : 0;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.subarray(0, buffer.lastIndexOf(10, bytesRead - 1) + 1);
    return { text, next: { ino, size: from + text.length } };
  } finally {
    await handle.close();
  }
}
