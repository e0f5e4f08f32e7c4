/**
 * The journal, runs.jsonl: one line per finished cell, appended and flushed to disk before anything else happens.
 * All tables and figures derive from it. Each line carries a checksum; a line that was torn by a power cut or
 * damaged on disk is set aside, and its cell trained again. Several coordinators may append to one journal: who
 * writes holds `<file>.lock` meanwhile.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { writeAtomically } from '../files/atomic.js';
import { flush } from '../files/flush.js';
import { holdingLock } from '../files/lock.js';
import { hasValidId } from '../experiment/cell.js';
import type { RunRecord } from '../experiment/record.js';

export interface JournalContent {
  /** The last record of each cell, in the order of first appearance. */
  readonly records: readonly RunRecord[];
  /** What is no record, a torn last line included, in its original text. */
  readonly damaged: readonly string[];
}

const checksum = (json: string) => createHash('sha256').update(json).digest('hex').slice(0, 16);

/** A record as its journal line, newline included. */
export function encodeLine(record: RunRecord): string {
  const json = JSON.stringify(record);
  return `{"sha256":"${checksum(json)}","record":${json}}\n`;
}

/** Where a line starts. Inside of JSON text its quotes would be escaped, so it is found nowhere else. */
const lineStart = '{"sha256":"';
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
    hasValidId(cell) &&
    typeof label === 'string' &&
    ['ok', 'diverged', 'failed', 'timeout'].includes(status) &&
    Array.isArray(epochs) &&
    epochs.every((one: unknown) => typeof one === 'object' && one !== null)
  );
}

/**
 * The records on a line that should hold one, and the rest. A line can hold several where a newline was damaged, or
 * where a line was appended behind a torn one.
 */
function decodePieces(line: string): { records: RunRecord[]; damaged: string[] } {
  const whole = decodeLine(line);
  if (whole) return { records: [whole], damaged: [] };
  const records: RunRecord[] = [];
  const damaged: string[] = [];
  for (const piece of line.split(/(?=\{"sha256":")/)) {
    const end = piece.lastIndexOf('}') + 1;
    const record = piece.startsWith(lineStart) ? decodeLine(piece.slice(0, end)) : undefined;
    if (record) records.push(record);
    const rest = record ? piece.slice(end) : piece;
    if (rest.trim() !== '') damaged.push(rest);
  }
  return { records, damaged };
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
        .some(isIntact)
    )
      return true;
    from = to + 1;
  }
  return damaged && (/\{"sha256":"[0-9a-f]{16}","record":\{/.test(bytes.toString('latin1')) || isStub(bytes));
}

/** Whether a line's checksum is right, whatever its record: it may be another version's. */
function isIntact(line: string): boolean {
  const match = linePattern.exec(line.slice(0, line.lastIndexOf('}') + 1));
  return match !== null && checksum(match[2]!) === match[1];
}

/** Whether bytes are what is left of a file whose first line was being written. */
function isStub(bytes: Buffer): boolean {
  if (bytes.every((byte) => byte === 0)) return true;
  const text = bytes.toString('latin1');
  return text.length < 40 && (lineStart.startsWith(text) || text.startsWith(lineStart));
}

/** Parses a journal's bytes (which may exceed the longest string); later records of a cell replace earlier ones. */
export function parseJournal(bytes: Buffer): JournalContent {
  const records = new Map<string, RunRecord>();
  const damaged: string[] = [];
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(10, from);
    const to = newline === -1 ? bytes.length : newline;
    const found = decodePieces(bytes.toString('utf8', from, to));
    for (const record of found.records) records.set(record.cell.id, record);
    damaged.push(...found.damaged);
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
  /**
   * Resolves when the record is on disk.
   * @throws the file system's error, ENOENT where the journal has been removed; what was in it stays whole
   */
  append(record: RunRecord): Promise<void>;
  /** The records that were appended since the last call (or the opening), by whomsoever. */
  news(): Promise<readonly RunRecord[]>;
  /** Resolves when nothing is being written any more. */
  close(): Promise<void>;
}

const lockOf = (file: string) => `${file}.lock`;

/**
 * Opens a journal, making it where there is none. Damaged lines are moved to `<file>.damaged` first, so that what
 * remains is whole; `onDamage` is told how many.
 */
export async function openJournal(
  file: string,
  onDamage: (count: number, movedTo: string) => void = () => undefined,
): Promise<{ journal: Journal; records: readonly RunRecord[] }> {
  return holdingLock(lockOf(file), async () => {
    const { records, damaged } = await readJournal(file);
    if (damaged.length > 0) {
      const grave = `${file}.damaged`;
      await appendFlushed(grave, damaged.map((piece) => `${piece}\n`).join(''));
      await writeAtomically(file, Buffer.concat(records.map((record) => Buffer.from(encodeLine(record)))));
      onDamage(damaged.length, grave);
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
    async news() {
      const { text, next } = await readBeyond(file, seen);
      seen = next;
      return parseJournal(text).records;
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
