/** Reads wanted members of a tar archive, packed or not, into memory. Nothing is ever written to disk from one. */
import type { ReadEntry } from 'tar';
import { errnoOf } from '../files/problem.js';
import { DataError, reason, usingData } from './errors.js';
import { whatIs } from './whatIs.js';

/** Wanted members: their paths inside the archive and exact sizes in bytes. */
export type Wanted = ReadonlyMap<string, number>;

/** No archive of this project unpacks to more; a larger one is not read to its end. */
const MAX_BYTES = 1 << 30;

const FILES = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'GNUDumpDir']);

/** Whether an entry is one that macOS adds when it packs: notes about the files, no content of theirs. */
function isMacNote(name: string): boolean {
  const parts = name.split('/').filter((part) => part !== '.' && part !== '');
  return parts[0] === '__MACOSX' || (parts.at(-1)?.startsWith('._') ?? false);
}

/** Why this entry may not be in an archive of `folder`; undefined if it may. */
function pathProblem(name: string, type: string, folder: string): string | undefined {
  const parts = name.replaceAll('\\', '/').split('/');
  if (name.startsWith('/') || name.startsWith('\\') || /^[A-Za-z]:/.test(name)) return 'an absolute path';
  if (parts.includes('..')) return `outside the folder ${folder}/`;
  if (FILES.has(type) && isMacNote(name)) return undefined;
  const path = parts.filter((part) => part !== '.' && part !== '');
  // "./" alone is the archive's root, which some tar programs record.
  if (path.length > 0 && path[0] !== folder) return `outside the folder ${folder}/`;
  if (!FILES.has(type)) return `a ${type}, expected only plain files`;
  return undefined;
}

/** An entry's path with "./" in front and "//" removed, as `Wanted` spells it. */
export function canonical(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '.' && part !== '')
    .join('/');
}

function collect(entry: ReadEntry, size: number): { bytes: Uint8Array; filled: () => number } {
  const bytes = new Uint8Array(size);
  let at = 0;
  entry.on('data', (chunk: Buffer) => {
    bytes.set(chunk.subarray(0, size - at), at);
    at += chunk.length;
  });
  return { bytes, filled: () => at };
}

/** Why the archive at `file` could not be read to its end. */
async function unreadable(file: string, error: unknown): Promise<unknown> {
  if (errnoOf(error) !== undefined) return error;
  const what = await whatIs(file);
  if (what !== undefined) {
    return new DataError(`${file}: this is ${what}.`, {
      code: 'data-not-data',
      remedy: 'Delete it and fetch it again.',
    });
  }
  return new DataError(`${file}: not a whole tar archive (${reason(error)}). It is damaged or cut off;`, {
    code: 'data-damaged',
    remedy: 'delete it and fetch it again.',
  });
}

type Found = Map<string, { bytes: Uint8Array; filled: () => number }>;

/** Takes the wanted members of an archive as its entries pass by. */
class Collector {
  readonly found: Found = new Map();
  /** The first entry that may not be there. */
  refusal: DataError | undefined;
  macNotes = 0;
  private total = 0;

  constructor(
    private readonly file: string,
    private readonly folder: string,
    private readonly wanted: Wanted,
  ) {}

  readonly visit = (entry: ReadEntry): void => {
    const name = canonical(entry.path);
    const size = this.wanted.get(name);
    this.total += entry.size;
    const why = pathProblem(entry.path, entry.type, this.folder) ?? this.contentProblem(entry, name, size);
    if (why !== undefined)
      this.refusal ??= new DataError(
        `${this.file}: its entry "${entry.path}" is ${why}. Delete the archive and fetch it again.`,
        { code: 'data-archive-entry' },
      );
    else if (isMacNote(name)) this.macNotes++;
    else if (size !== undefined && this.refusal === undefined)
      return void this.found.set(name, collect(entry, size));
    entry.resume();
  };

  private contentProblem(entry: ReadEntry, name: string, size: number | undefined): string | undefined {
    if (this.total > MAX_BYTES) return `where the content exceeds ${MAX_BYTES} bytes`;
    if (size !== undefined && this.found.has(name)) return 'there twice';
    return size !== undefined && entry.size !== size
      ? `${entry.size} bytes long, expected ${size}`
      : undefined;
  }
}

/**
 * The members `wanted` of the archive at `file`, whose every entry must be a plain file or folder below `folder`.
 * What macOS adds is passed over.
 * @param notice is told in a sentence (without full stop) what was passed over
 * @returns bytes by path, in the order of `wanted`
 * @throws DataError naming the archive and the entry if the archive is damaged or cut off, an entry is a link, an
 * absolute path or outside the folder, a wanted member is absent, doubled, or has another size
 * @throws FileError if the file cannot be read
 */
export async function readTarMembers(
  file: string,
  folder: string,
  wanted: Wanted,
  notice: (sentence: string) => void = () => undefined,
): Promise<Map<string, Uint8Array>> {
  const collector = new Collector(file, folder, wanted);
  // Loaded only where there is an archive.
  const { list } = await import('tar');
  await usingData(file, async () => {
    await list({ file, strict: true, onReadEntry: collector.visit }).catch(async (error: unknown) => {
      throw collector.refusal ?? (await unreadable(file, error));
    });
  });
  if (collector.refusal) throw collector.refusal;
  if (collector.macNotes > 0)
    notice(
      `${file} was packed on a Mac: ${collector.macNotes} of its entries ("._" in front) are macOS's notes about files; they hold no images and are passed over`,
    );
  return inOrder(file, wanted, collector.found);
}

function inOrder(file: string, wanted: Wanted, found: Found): Map<string, Uint8Array> {
  const members = new Map<string, Uint8Array>();
  for (const [name, size] of wanted) {
    const member = found.get(name);
    if (member === undefined || member.filled() !== size)
      throw new DataError(
        `${file}: has no whole member "${name}", expected one of ${size} bytes. ` +
          `It is another archive or cut off; delete it and fetch it again.`,
        { code: 'data-mismatched' },
      );
    members.set(name, member.bytes);
  }
  return members;
}
