import { ReportedError, type ReportedOptions } from '../errors/reported.js';

/** A file of a report that cannot be written. The message is meant for the user as it is. */
export class ReportError extends ReportedError {
  constructor(message: string, options: ReportedOptions = {}) {
    super(message, { code: 'report-unwritable', ...options });
  }
}
