/** Ages of files. Hosts' clocks differ and are set: both ends are told by the clock of the file's own file system. */
import { randomBytes } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';

/**
 * Milliseconds since a file was written; negative if that clock was set back since.
 * @param beside path of a probe file, which is made for a moment to read the file system's clock; an ending is added
 * @throws the file system's error if the file does not exist or the probe cannot be made
 */
export async function ageOf(file: string, beside = file): Promise<number> {
  const probe = `${beside}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(probe, '', { flag: 'wx' });
    return (await stat(probe)).mtimeMs - (await stat(file)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}
