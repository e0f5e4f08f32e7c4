/** Errors of recorded steps. */
import { ReportedError } from '../../errors/reported.js';

/** A step that cannot be one call of TensorFlow; `reason` says what in it is the obstacle. */
export class RecordingError extends ReportedError {
  constructor(
    readonly reason: string,
    code: 'record-unavailable' | 'step-not-recordable' | 'step-result',
    remedy: string,
  ) {
    super(`The step cannot be recorded: ${reason}.`, { code, remedy });
  }
}

/** XLA did not compile or run a step. */
export const xlaError = (cause: Error): ReportedError =>
  new ReportedError(`XLA does not run the step: ${cause.message.split('\n')[0]!}`, {
    code: 'xla-failed',
    exitCode: 1,
    remedy: 'Leave `xla: true` out.',
    cause,
  });
