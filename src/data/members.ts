/** Whether an archive's members are the published ones, however they are packed. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { canonical } from './archive.js';
import type { ArchiveContent } from './catalog.js';
import { errnoOf } from '../files/problem.js';

/** sha1 of each member, by name, of those that are in the unpacked folder. */
async function sumsOfFolder(folder: string, { members }: ArchiveContent): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const { name } of members) {
    const hash = createHash('sha1');
    try {
      for await (const chunk of createReadStream(path.join(folder, name))) hash.update(chunk as Buffer);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') continue;
      throw error;
    }
    sums.set(name, hash.digest('hex'));
  }
  return sums;
}

/** The same for an archive, packed or not; damaged members are missing. */
async function sumsOfArchive(file: string, { folder, members }: ArchiveContent) {
  const sums = new Map<string, string>();
  const names = new Map(members.map(({ name }) => [`${folder}/${name}`, name]));
  const { list } = await import('tar');
  const read = list({
    file,
    onReadEntry(entry) {
      const name = names.get(canonical(entry.path));
      if (name === undefined) {
        entry.resume();
        return;
      }
      const hash = createHash('sha1');
      entry.on('data', (chunk: Buffer) => hash.update(chunk));
      entry.on('end', () => sums.set(name, hash.digest('hex')));
    },
  });
  await read.catch((error: unknown) => {
    if (errnoOf(error) !== undefined) throw error;
  });
  return sums;
}

/**
 * The first member that is not the published one, or is absent, as the end of a sentence; undefined if all are
 * as published.
 * @throws the file system's error if something cannot be read
 */
export async function wrongMember(at: string, content: ArchiveContent): Promise<string | undefined> {
  const isFolder = (await stat(at)).isDirectory();
  const sums = await (isFolder ? sumsOfFolder(at, content) : sumsOfArchive(at, content));
  for (const { name, sha1 } of content.members) {
    const sum = sums.get(name);
    if (sum === undefined) return `has no ${name}`;
    if (sum !== sha1) return `its ${name} is not the official one`;
  }
  return undefined;
}
