/** How many files a process may have open at a time (`ulimit -n`), and what to say where those are too few. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { ReportedError } from '../errors/reported.js';
import { errnoOf, sentenceFor } from './problem.js';

/** Too few files can be open. Its code is `too-many-open-files`. */
export class OpenFilesError extends ReportedError {
  constructor(message: string, exitCode: 1 | 2, cause: unknown) {
    const remedy = 'Raise that limit, e.g. with `ulimit -n 4096`, or use fewer workers.';
    super(message, { code: 'too-many-open-files', exitCode, remedy, cause });
  }
}

const isLimit = (error: unknown) => ['EMFILE', 'ENFILE'].includes(errnoOf(error) ?? '');

/** A refusal because of the limit as a sentence; undefined for all other errors. */
export function tooManyFiles(error: unknown): OpenFilesError | undefined {
  if (!isLimit(error)) return undefined;
  const { path = 'A file or a connection' } = error as NodeJS.ErrnoException;
  return new OpenFilesError(sentenceFor(path, error)!, 1, error);
}

/**
 * The files that the program needs to load. Node opens up to 110 modules at once. If it may not open one, it can
 * report it as missing, which does not help the user.
 */
const needed = 140;

/** Makes sure that so many more files can be opened. @throws OpenFilesError */
export function requireOpenFiles(count = needed): void {
  const open: number[] = [];
  try {
    while (open.length < count) open.push(openSync(devNull, 'r'));
  } catch (error) {
    // Not every system has this file.
    if (!isLimit(error)) return;
    const sentence = `This process can open only ${open.length} more files (ulimit -n), and the program needs ${count}.`;
    throw new OpenFilesError(sentence, 2, error);
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}
