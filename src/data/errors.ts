/** The one error of this folder: a sentence that names the file and says what to do. */

/**
 * A data file is missing, damaged, not what its name says, or cannot be had.
 * The message is meant for the user as it is; no stack trace adds to it.
 */
export class DataError extends Error {
  override readonly name = 'DataError';
}

/** The message of anything thrown, for use inside a sentence (no trailing full stop). */
export function reason(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '';
  return (message + cause).replace(/\.+$/, '');
}
