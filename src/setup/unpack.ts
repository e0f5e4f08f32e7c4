/** Takes what a set-up needs out of wheels (zip files) and npm packages (.tgz), as streams: libraries have 1 GB. */
import { createWriteStream, type Stats } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { extract, type ReadEntry } from 'tar';
import { fileReader } from '../files/zip.js';
import { errnoOf } from '../files/problem.js';
import { SetupError } from './errors.js';

const REMEDY = 'Run the same command again: it is fetched anew.';

function refusal(file: string, error: unknown): SetupError {
  const why = (error as Error).message;
  if (errnoOf(error) === 'ENOSPC') {
    return new SetupError(
      `The disk became full while ${file} was unpacked.`,
      'setup-disk',
      'Make room, or choose another disk with --dir.',
      error,
    );
  }
  return new SetupError(`${file} cannot be unpacked (${why}).`, 'setup-archive', REMEDY, error);
}

/**
 * Writes the members of a zip for which `placeOf` gives a path to that path below `folder`; checksums are verified.
 * @throws SetupError
 */
export async function unpackWheel(
  file: string,
  folder: string,
  placeOf: (member: string) => string | undefined,
): Promise<void> {
  const { ZipReader } = await import('@zip.js/zip.js');
  const handle = await open(file);
  try {
    const zip = new ZipReader(await fileReader(handle), { useWebWorkers: false, checkSignature: true });
    for (const entry of await zip.getEntries()) {
      const place = entry.directory ? undefined : placeOf(entry.filename);
      if (place === undefined || entry.directory) continue;
      const path = join(folder, place);
      await mkdir(dirname(path), { recursive: true });
      // Libraries must be executable by their readers, ptxas as a program.
      const stream = createWriteStream(path, { mode: 0o755, flush: true });
      await entry.getData(Writable.toWeb(stream) as WritableStream<Uint8Array>);
    }
    await zip.close();
  } catch (error) {
    throw refusal(file, error);
  } finally {
    await handle.close();
  }
}

/**
 * Unpacks an npm package, whose files are all below one folder `package/`, into `folder`. As with npm, everybody may
 * read them, whatever the archive says.
 * @throws SetupError
 */
export async function unpackPackage(file: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const readable = (_: string, entry: Stats | ReadEntry) => {
    entry.mode = 'type' in entry && entry.type === 'Directory' ? 0o755 : 0o644;
    return true;
  };
  try {
    await extract({ file, cwd: folder, strip: 1, strict: true, filter: readable });
  } catch (error) {
    throw refusal(file, error);
  }
}
