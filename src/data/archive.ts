/** Reads wanted members of a .tar.gz into memory. Nothing is ever written to disk from an archive. */
import { list, type ReadEntry } from 'tar';
import { DataError, reason } from './errors.js';

/** Wanted members: their paths inside the archive and exact sizes in bytes. */
export type Wanted = ReadonlyMap<string, number>;

/** No archive of this project unpacks to more; one that does is not read to its end. */
const MOST = 1 << 30;

const FILES = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'GNUDumpDir']);

/** Why this entry has no business in an archive whose content is `folder`, or undefined. */
function objection(name: string, type: string, folder: string): string | undefined {
  const parts = name.replaceAll('\\', '/').split('/');
  if (name.startsWith('/') || name.startsWith('\\') || /^[A-Za-z]:/.test(name)) return 'an absolute path';
  if (parts.includes('..')) return `outside the folder ${folder}/`;
  const path = parts.filter((part) => part !== '.' && part !== '');
  // "./" alone is the archive's root, which some tar programs record.
  if (path.length > 0 && path[0] !== folder) return `outside the folder ${folder}/`;
  if (!FILES.has(type)) return `a ${type}, expected only plain files`;
  return undefined;
}

/** An entry's path with "./" in front and "//" removed, as `Wanted` spells it. */
function canonical(name: string): string {
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

/**
 * The members `wanted` of the archive at `file`, whose every entry must be a plain file or folder below `folder`.
 * @returns bytes by path, in the order of `wanted`
 * @throws DataError naming the archive and the entry if the archive is damaged or cut off, an entry is a link, an
 * absolute path or outside the folder, a wanted member is absent, doubled, or has another size
 */
export async function readTarMembers(
  file: string,
  folder: string,
  wanted: Wanted,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, { bytes: Uint8Array; filled: () => number }>();
  let refusal: DataError | undefined;
  let total = 0;
  const refuse = (entry: string, why: string) => {
    refusal ??= new DataError(
      `${file}: its entry "${entry}" is ${why}. Delete the archive and fetch it again.`,
    );
  };
  const visit = (entry: ReadEntry) => {
    const why = objection(entry.path, entry.type, folder);
    const name = canonical(entry.path);
    const size = wanted.get(name);
    total += entry.size;
    if (why !== undefined) refuse(entry.path, why);
    else if (total > MOST) refuse(entry.path, `where the content exceeds ${MOST} bytes`);
    else if (size !== undefined && found.has(name)) refuse(entry.path, 'there twice');
    else if (size !== undefined && entry.size !== size)
      refuse(entry.path, `${entry.size} bytes long, expected ${size}`);
    else if (size !== undefined && refusal === undefined) return void found.set(name, collect(entry, size));
    entry.resume();
  };
  try {
    await list({ file, strict: true, onReadEntry: visit });
  } catch (error) {
    throw (
      refusal ??
      new DataError(
        `${file}: not a whole .tar.gz archive (${reason(error)}). It is damaged or cut off; delete it and fetch it again.`,
      )
    );
  }
  if (refusal) throw refusal;
  return inOrder(file, wanted, found);
}

function inOrder(
  file: string,
  wanted: Wanted,
  found: ReadonlyMap<string, { bytes: Uint8Array; filled: () => number }>,
): Map<string, Uint8Array> {
  const members = new Map<string, Uint8Array>();
  for (const [name, size] of wanted) {
    const member = found.get(name);
    if (member === undefined || member.filled() !== size)
      throw new DataError(
        `${file}: has no whole member "${name}", expected one of ${size} bytes. ` +
          `It is another archive or cut off; delete it and fetch it again.`,
      );
    members.set(name, member.bytes);
  }
  return members;
}
