/** Fingerprints of a user's own files, where they are found, and whether they are still what a run began with. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import path from 'node:path';
import { DataError, usingOwnData } from '../errors.js';

/** The sha256 (hex) of one file's bytes, as `sha256sum` gives it. The file's name does not count. */
export async function fileSha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await usingOwnData(file, async () => {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  });
  return hash.digest('hex');
}

/** The fingerprint of many files: of their names, in the order given, and of their bytes. */
export class FilesSha256 {
  readonly #hash: Hash = createHash('sha256');

  /** @param name relative to the data's path, with slashes, so that it is the same on every machine */
  add(name: string, bytes: Uint8Array): void {
    // Some systems store names with composed characters, others with decomposed ones.
    this.#hash.update(`${JSON.stringify([name.normalize('NFC'), bytes.length])}\n`).update(bytes);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * Where own data lie on this machine: at their path, or under the same name in the data folder. A worker on another
 * machine may have them elsewhere than the machine that the configuration is on.
 * @throws DataError `data-missing` if they are at neither place
 */
export function locateOwn(given: string, dataDir: string): string {
  const places = [path.resolve(given), path.join(dataDir, path.basename(given))];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new DataError(
    `${places[0]} does not exist, and ${places[1]} does not either. Correct \`dataset.path\`, or put the data at one of these places.`,
    { code: 'data-missing' },
  );
}

/**
 * @param expected the fingerprint that a run began with, if any
 * @throws DataError `data-changed` if the one found now is another
 */
export function requireSameContent(place: string, found: string, expected: string | undefined): void {
  if (expected === undefined || found === expected) return;
  throw new DataError(
    `${place} is not what the run began with: its fingerprint is ${found.slice(0, 16)}, and was ${expected.slice(0, 16)}. ` +
      'Restore the files, or begin a new run with a configuration without `dataset.content`.',
    { code: 'data-changed' },
  );
}
