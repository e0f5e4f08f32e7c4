/** What our user of Redis must be allowed (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/). */
import { QueueError } from './address.js';

/** ACL rules that suffice. BullMQ asks INFO for Redis's version; the rest of @dangerous is not needed. */
export const aclRules =
  '~adamw-bench:* resetchannels +@read +@write +@connection +@transaction +@scripting -@dangerous +info +time';

type RedisError = Error & {
  readonly command?: { readonly name: string };
  /** What a transaction was discarded for. */
  readonly previousErrors?: readonly Error[];
};

/** Redis 6.2 to 8 and Valkey, directly and from within a script. */
const denial = /NOPERM|user executing the script can't|ACL failure in script/;

/** What the user may not do and what to grant, without a full stop; undefined where an error is about something else. */
export function deniedIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { command, previousErrors = [] } = error as RedisError;
  const found = [error, ...previousErrors].find(({ message }) => denial.test(message));
  if (!found) return undefined;
  const named = /'([\w|]+)' command/.exec(found.message)?.[1];
  const sent = (command?.name ?? 'a command').toUpperCase();
  const inScript = named === undefined && /script/.test(found.message);
  const what = /access/.test(found.message)
    ? `use the keys of ${sent}, which begin with adamw-bench:`
    : `run ${named?.toUpperCase() ?? (inScript ? `a command within ${sent}` : sent)}`;
  return `this user of Redis may not ${what}. All that is needed is granted by: ACL SETUSER <user> ${aclRules} (docs/cluster.md, Security)`;
}

/** Does something with Redis. @throws QueueError where its user lacks a permission; else what `act` throws */
export async function explainingDenials<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const denied = deniedIn(error);
    throw denied === undefined ? error : new QueueError(`Redis cannot be used: ${denied}.`);
  }
}
