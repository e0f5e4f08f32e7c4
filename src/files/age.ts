/** Ages of files. Hosts' clocks differ and are set: both ends are told by the clock of the file's own file system. */
import { randomBytes } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';

/**
 * Milliseconds since a file was written; less than 0 if that clock was set back since.
 * @param beside where a file may be made for a moment that shows the time: a path to which an ending is added
 * @throws the file system's error where there is no such file, or none can be made
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
