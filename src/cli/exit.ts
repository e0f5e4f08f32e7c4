import { ReportedError, type ReportedOptions } from '../errors/reported.js';

export const exitCode = {
  ok: 0,
  /** A defect of this program, or a failing machine. */
  unexpected: 1,
  /** Input that cannot be used: arguments, configuration, data, a results folder. Nothing was trained. */
  refused: 2,
  /** The sweep ended, but some cells failed or timed out. */
  cellsFailed: 3,
  /** Stopped by Ctrl-C, SIGTERM or the time budget; the next run continues. */
  interrupted: 130,
} as const;

/** A refusal by a command itself, as a sentence that says what to do. */
export class UsageError extends ReportedError {
  constructor(message: string, options: ReportedOptions = {}) {
    super(message, { code: 'usage', ...options });
  }
}
