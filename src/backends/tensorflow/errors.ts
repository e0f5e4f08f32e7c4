/** Errors of recorded steps. */
import { ReportedError } from '../../errors/reported.js';

export type RecordingCode = 'record-unavailable' | 'step-input' | 'step-not-recordable' | 'step-result';

/** A step that cannot be one call of TensorFlow; `reason` says what in it is the obstacle. */
export class RecordingError extends ReportedError {
  constructor(
    readonly reason: string,
    code: RecordingCode,
    remedy: string,
  ) {
    super(`The step cannot be recorded: ${reason}.`, { code, remedy });
  }
}

/** What TensorFlow says, in the form that tfjs-node gives it: "Invalid TF_Status: 12", then "Message: ...". */
export const wordsOf = ({ message }: Error): string => {
  const line = message.replace(/^Invalid TF_Status: \d+\nMessage: /, '').split('\n')[0]!;
  return line.replace(/\.?$/, '');
};

/** XLA did not compile or run a step. */
export const xlaError = (cause: Error): ReportedError =>
  new ReportedError(`XLA does not run the step: ${wordsOf(cause)}.`, {
    code: 'xla-failed',
    exitCode: 1,
    remedy: 'Leave `xla: true` out.',
    cause,
  });
