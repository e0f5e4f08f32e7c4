/** The errors that the program reports in a sentence: what happened, and what the user can do. Everything else is a defect. */

export interface ReportedOptions extends ErrorOptions {
  /** Which refusal or failure it is, for programs: lower case with hyphens, e.g. `folder-in-use`. Listed in docs/errors.md. */
  readonly code?: string;
  /** What the process ends with if nobody handles the error: 2 for input that cannot be used, 1 for a machine that fails. */
  readonly exitCode?: 1 | 2;
  /** What the user can do, as a sentence. It ends the message. */
  readonly remedy?: string;
}

/** An error whose message is meant for the user as it is, without a stack trace. */
export class ReportedError extends Error {
  readonly code: string;
  readonly exitCode: 1 | 2;
  readonly remedy: string | undefined;

  constructor(message: string, { code = 'refused', exitCode = 2, remedy, ...options }: ReportedOptions = {}) {
    super(remedy === undefined ? message : `${message} ${remedy}`, options);
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}
