/** The errors of this folder: sentences that name the file and say what to do. */
import { ReportedError, type ReportedOptions } from '../errors/reported.js';
import { explainingFiles } from '../files/problem.js';

/** A data file is missing, damaged, not what its name says, or cannot be had. */
export class DataError extends ReportedError {
  constructor(message: string, options: ReportedOptions = {}) {
    super(message, { code: 'data-unusable', ...options });
  }
}

/** The message of anything thrown, for use inside a sentence (no trailing full stop). */
export function reason(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '';
  return (message + cause).replace(/\.+$/, '');
}

/** Does something with `path` of the data folder. @throws FileError if the system refuses it */
export function usingData<T>(path: string, act: () => Promise<T>): Promise<T> {
  return explainingFiles(path, act, {
    remedy: 'Correct that, or choose another folder with --data-dir or ADAMW_BENCH_DATA.',
  });
}

/** Does something with `path` of a user's own images. @throws FileError if the system refuses it */
export function usingOwnData<T>(path: string, act: () => Promise<T>): Promise<T> {
  // They lie where the configuration says: another data folder would not help.
  return explainingFiles(path, act, { remedy: 'Correct that, or `dataset.path`.' });
}
