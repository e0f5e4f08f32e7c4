/** The one error of this folder: a sentence that names the file and says what to do. */
import { ReportedError, type ReportedOptions } from '../errors/reported.js';

/**
 * A data file is missing, damaged, not what its name says, or cannot be had.
 * The message is meant for the user as it is; no stack trace adds to it.
 */
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

/**
 * Runs `read`, turning the system's refusals (no permission, a folder where a file belongs, a broken disk) into a
 * DataError that names the file, or else `what`.
 */
export async function explained<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (error instanceof DataError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
    throw new DataError(
      `${path ?? what}: cannot be used (${reason(error)}). Check that it is a readable file, or choose another --data-dir.`,
    );
  }
}
