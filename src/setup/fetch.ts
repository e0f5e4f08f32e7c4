/**
 * Brings the pinned files into a folder: from a folder of the user's, by `pip download` and `npm pack` where these are
 * (they honour the user's mirror, proxy and certificates), else over HTTPS. A file gets its name only when its
 * checksum is right. A download that was cut off is continued.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { explainingFiles } from '../files/problem.js';
import { SetupError } from './errors.js';
import { fetchOverHttps } from './https.js';
import type { OnBytes, Pin } from './pins.js';
import { run } from './run.js';

/** Ways to bring one file to `folder/<file>`, unverified. */
export type Bring = (pin: Pin, folder: string, onBytes: OnBytes) => Promise<void>;

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? found.size : 0;
}

/** Bytes of each pinned file that are there: whole, or the beginning of one. */
export async function bytesThere(pins: readonly Pin[], folder: string): Promise<Map<string, number>> {
  const sizes = pins.map(async ({ file }) => {
    const path = join(folder, file);
    return [file, (await sizeOf(path)) || (await sizeOf(`${path}.part`))] as const;
  });
  return new Map(await Promise.all(sizes));
}

/** sha256 (hex) of a file, read as a stream. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Takes files from a folder that the user has filled: as second names of theirs where both are on one disk. */
export const fromFolder =
  (source: string): Bring =>
  async ({ file }, folder) => {
    const [theirs, ours] = [join(source, file), join(folder, file)];
    await explainingFiles(theirs, () => link(theirs, ours).catch(() => copyFile(theirs, ours)));
  };

/** Refuses a folder that lacks some of the files, naming all of them. @throws SetupError */
export async function requireFiles(pins: readonly Pin[], source: string): Promise<void> {
  await explainingFiles(source, () => readdir(source));
  const sizes = await Promise.all(pins.map(({ file }) => sizeOf(join(source, file))));
  const missing = pins.filter((_, i) => sizes[i] === 0).map(({ file }) => file);
  if (missing.length === 0) return;
  throw new SetupError(
    `${source} lacks ${missing.length} of ${pins.length} files: ${missing.join(', ')}.`,
    'setup-file-missing',
    'Fetch exactly these: the wheels from https://pypi.org/simple/ (or with `pip download`), the .tgz with `npm pack`. docs/gpu.md has the commands.',
  );
}

/** pip writes into its temporary folder first: what is in both grows by the bytes that arrive. */
async function totalSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(entries.map((entry) => sizeOf(join(folder, entry))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Runs a downloader in a scratch folder, telling how that folder grows; the file it leaves there is moved in place. */
async function byCommand(
  { file, bytes }: Pin,
  folder: string,
  onBytes: OnBytes,
  command: (scratch: string) => readonly [string, ...string[]],
): Promise<void> {
  const scratch = join(folder, `scratch-${process.pid}`);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch);
  const done = new AbortController();
  const watch = (async () => {
    while (!done.signal.aborted) {
      onBytes(file, Math.min(bytes, await totalSize(scratch)));
      await sleep(300, undefined, { signal: done.signal }).catch(() => undefined);
    }
  })();
  try {
    const [program, ...args] = command(scratch);
    await run(program, args, { env: { TMPDIR: scratch } });
    await rename(join(scratch, file), join(folder, file));
  } finally {
    done.abort();
    await watch;
    await rm(scratch, { recursive: true, force: true });
  }
}

/** `pip download` of one wheel, whatever Python and platform pip itself runs on. */
export const byPip: Bring = (pin, folder, onBytes) =>
  byCommand(pin, folder, onBytes, (scratch) => [
    'python3',
    ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir', '--disable-pip-version-check'],
    ...['--only-binary=:all:', '--python-version', '3.11', '--implementation', 'cp'],
    ...pin.platforms.flatMap((platform) => ['--platform', platform]),
    ...['--dest', scratch, `${pin.project}==${pin.version}`],
  ]);

/** `npm pack` of one package of the registry. */
export const byNpm: Bring = (pin, folder, onBytes) =>
  byCommand(pin, folder, onBytes, (scratch) => [
    'npm',
    ...[
      'pack',
      '--silent',
      '--ignore-scripts',
      '--pack-destination',
      scratch,
      `${pin.project}@${pin.version}`,
    ],
  ]);

/** Tries ways in turn; the last one's failure counts. */
const oneOf =
  (...ways: readonly Bring[]): Bring =>
  async (pin, folder, onBytes) => {
    const failures: string[] = [];
    for (const way of ways) {
      try {
        await way(pin, folder, onBytes);
        return;
      } catch (error) {
        // A full disk is no matter of the way.
        if (error instanceof SetupError && error.code !== 'setup-download') throw error;
        failures.push((error as Error).message.replace(/\.$/, ''));
      }
    }
    throw new SetupError(
      `${pin.file} could not be downloaded: ${failures.join('; then ')}.`,
      'setup-download',
      'Check the network and run the same command again: it goes on where it stopped. Without a network, see --from.',
    );
  };

/** The ways by which files come from their registries here. */
export function fromRegistries({ pip }: { readonly pip: boolean }): Bring {
  const wheels = pip ? oneOf(byPip, fetchOverHttps) : oneOf(fetchOverHttps);
  const packages = oneOf(byNpm, fetchOverHttps);
  return (pin, folder, onBytes) => (pin.registry === 'pypi' ? wheels : packages)(pin, folder, onBytes);
}

/**
 * Makes sure that every pinned file is in `folder`, whole and with the right checksum.
 * @throws SetupError; the file at fault is removed, the others stay for the next try
 */
export async function fetchAll(
  pins: readonly Pin[],
  folder: string,
  bring: Bring,
  onBytes: OnBytes,
): Promise<void> {
  for (const pin of pins) {
    const path = join(folder, pin.file);
    if ((await sizeOf(path)) === 0) await bring(pin, folder, onBytes);
    const sha256 = await sha256Of(path);
    if (sha256 !== pin.sha256) {
      await rm(path, { force: true });
      throw new SetupError(
        `${pin.file} is not the file that this version of adamw-bench was tested with: its sha256 is ${sha256}, expected ${pin.sha256}.`,
        'setup-checksum',
        'It was removed. Run the same command again; if that does not help, check your mirror or the folder given with --from.',
      );
    }
    onBytes(pin.file, pin.bytes);
  }
}
