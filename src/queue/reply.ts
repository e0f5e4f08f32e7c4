/** The code of an error that Redis has answered, e.g. `OOM`. The only place that reads the text of such an answer. */
import { ReplyError } from 'ioredis';

/** What ioredis adds to the errors of a transaction: why Redis discarded it. */
type Answered = Error & { readonly previousErrors?: readonly Error[] };

/** Before version 7, Redis puts the error that a script has met behind these words: `ERR Error running script (...): @user_script:3: -OOM ...`. */
const scriptWords = /^ERR Error running script \([^)]*\): (?:@\w+: ?\d+: )*-?(?=[A-Z]+ )/;

/** Where a script may not run a command, Redis says so without a code: 6.2 in the first form, 7 and 8 in the second. */
const deniedInScript = /^ERR (?:The user executing the script can't run|ACL failure in script)/;

/** Whether an error is an answer of Redis. */
export const isReply = (error: unknown): error is Answered =>
  error instanceof Error && error instanceof (ReplyError as typeof Error);

/**
 * The code word of Redis's answer, also of one that a script or a transaction has met.
 * @returns undefined for every error that is no answer of Redis
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
export function replyCode(error: unknown): string | undefined {
  if (!isReply(error)) return undefined;
  if (deniedInScript.test(error.message)) return 'NOPERM';
  const code = /^[A-Z]\w*/.exec(error.message.replace(scriptWords, ''))?.[0];
  // The transaction's own code says only that there was an error before it.
  return code === 'EXECABORT' ? (replyCode(error.previousErrors?.[0]) ?? code) : code;
}
