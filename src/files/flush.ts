/**
 * Flushing to disk, if the file system can. Some cannot (FUSE, NAS and vboxsf mounts answer fsync with EINVAL or
 * ENOSYS). A program that continues there risks losing finished work only in a power cut.
 */
import { fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errnoOf } from './problem.js';

/** What a file system answers that has no fsync. EIO, ENOSPC and EDQUOT are not among them: those have lost data. */
const unsupported: ReadonlySet<string> = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/** By descriptor: the FileHandle of Yarn's Plug'n'Play has no `sync` that works. */
const fsyncDescriptor = promisify(fsync);

type Listener = (text: string) => void;

let listener: Listener | undefined;
let told = false;

/**
 * Sets the listener that is told, once in a process, that files cannot be flushed. By default nobody is: only the
 * coordinator of a sweep tells the user, not its workers.
 */
export function onUnflushable(tell: Listener): void {
  listener = tell;
}

function warnOnce(): void {
  if (told || !listener) return;
  told = true;
  listener(
    'This file system cannot flush files to disk (fsync). Everything is written, but a power cut may lose finished cells.',
  );
}

/**
 * Resolves when the file's bytes are on disk, or the file system cannot flush.
 * @throws the file system's error if writing failed (EIO, ENOSPC ...)
 */
export async function flush({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  try {
    await fsyncDescriptor(fd);
  } catch (error) {
    if (!unsupported.has(errnoOf(error) ?? '')) throw error;
    warnOnce();
  }
}

/** Like `flush`, for a folder: a new name in it becomes durable where the platform can do that. Never fails. */
export async function flushFolder({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  await fsyncDescriptor(fd).catch(() => undefined);
}
