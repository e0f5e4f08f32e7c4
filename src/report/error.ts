/** A file of a report that cannot be written. The message is meant for the user as it is. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}
