/** The one error of this folder: a sentence and its remedy. */
import { ReportedError } from '../errors/reported.js';

export type SetupCode =
  | 'setup-platform'
  | 'setup-glibc'
  | 'setup-compiler'
  | 'setup-disk'
  | 'setup-folder'
  | 'setup-download'
  | 'setup-checksum'
  | 'setup-file-missing'
  | 'setup-archive'
  | 'setup-build'
  | 'setup-proof';

/** A set-up that cannot be made here. Nothing of it is left in place. */
export class SetupError extends ReportedError {
  constructor(message: string, code: SetupCode, remedy: string, cause?: unknown) {
    super(message, { code, remedy, exitCode: 2, ...(cause === undefined ? {} : { cause }) });
  }
}
