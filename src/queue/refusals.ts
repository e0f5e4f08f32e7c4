/** What Redis's refusals mean, by the code of its answer: a sentence, what to do, and whether waiting helps. */
import { QueueError } from './address.js';
import { aclRules } from './permissions.js';
import { printable } from '../experiment/printable.js';
import { isReply, replyCode } from './reply.js';

export interface Refusal {
  /** The code of our error. */
  readonly code: string;
  /** What is wrong, after "Redis cannot be used: ", without a full stop. */
  readonly what: string;
  /** What the user can do, as a sentence. */
  readonly remedy: string;
  /** Whether the same request may succeed later without anybody doing something here. */
  readonly passes: boolean;
}

const final = (code: string, what: string, remedy: string): Refusal => ({
  code,
  what,
  remedy,
  passes: false,
});
const passing = (code: string, what: string, remedy: string): Refusal => ({
  code,
  what,
  remedy,
  passes: true,
});

/** Redis Cluster: our scripts use several keys at once, which a cluster spreads over its machines. */
export const cluster = final(
  'redis-cluster',
  'it is part of a Redis Cluster, which adamw-bench does not support',
  'Use a Redis of its own, with `cluster-enabled no` (docs/cluster.md).',
);

export const replica = (primary?: string): Refusal =>
  passing(
    'redis-replica',
    `it is a replica, which takes no writes (READONLY)${primary === undefined ? '' : `; its primary is ${primary}`}`,
    'Give the address of the primary.',
  );

export const loading = passing(
  'redis-loading',
  'it is still loading its data from disk (LOADING)',
  'Try again once it has started.',
);

const password = final(
  'redis-password',
  'it refuses the password, or wants one',
  'Write it into the address, redis://[user]:password@host, with / ? # @ % : percent-encoded, and give the address in ADAMW_BENCH_REDIS.',
);

const refusals: Readonly<Record<string, Refusal>> = {
  OOM: passing(
    'redis-full',
    'it is full: its data have reached maxmemory (OOM)',
    'Raise maxmemory, or remove data that nobody needs.',
  ),
  MISCONF: passing(
    'redis-cannot-save',
    'it takes no writes because it cannot save its data to disk (MISCONF)',
    'Make room on its disk, or let it write to its folder; its log says why it failed.',
  ),
  READONLY: replica(),
  LOADING: loading,
  MASTERDOWN: passing(
    'redis-replica',
    'it is a replica that has lost its primary (MASTERDOWN)',
    'Give the address of the primary.',
  ),
  NOREPLICAS: passing(
    'redis-no-replicas',
    'it takes no writes because too few of its replicas are there (NOREPLICAS)',
    'Start them, or lower min-replicas-to-write.',
  ),
  BUSY: passing(
    'redis-busy',
    'a script occupies it (BUSY)',
    'Wait for the script to end, or end it with SCRIPT KILL.',
  ),
  TRYAGAIN: passing('redis-busy', 'it is moving keys (TRYAGAIN)', 'Try again later.'),
  CROSSSLOT: cluster,
  CLUSTERDOWN: cluster,
  MOVED: cluster,
  ASK: cluster,
  WRONGTYPE: final(
    'redis-foreign-key',
    'a key that begins with adamw-bench: is not ours: it is of another type (WRONGTYPE)',
    'Use another database of this Redis, e.g. redis://host:6379/1, or remove the key.',
  ),
  NOPERM: final(
    'redis-permission',
    'its user lacks a permission (NOPERM)',
    `Grant all that is needed: ACL SETUSER <user> ${aclRules} (docs/cluster.md, Security).`,
  ),
  NOAUTH: password,
  WRONGPASS: password,
};

/** What an answer of Redis means; undefined for answers without a meaning of their own, and for all other errors. */
export function refusalIn(error: unknown): Refusal | undefined {
  const code = replyCode(error) ?? '';
  const refusal = refusals[code];
  const more = details[code]?.(error as Commanded);
  return refusal && more !== undefined ? { ...refusal, what: `${refusal.what}: ${more}` } : refusal;
}

/** Which command of ours was refused. Redis's own words are not shown, because they may name its user. */
type Commanded = Error & { readonly command?: { readonly name: string; readonly args: readonly unknown[] } };

const details: Readonly<Record<string, (error: Commanded) => string | undefined>> = {
  NOPERM({ command }) {
    if (!command) return undefined;
    const name = command.name.toUpperCase();
    return `it may not run ${name.startsWith('EVAL') ? `a command within ${name}` : name}, or not with keys that begin with adamw-bench:`;
  },
  WRONGTYPE({ command }) {
    const key = command?.args[0];
    return command && !command.name.startsWith('eval') && typeof key === 'string'
      ? printable(key)
      : undefined;
  },
};

/** The refusal as an error for the user. */
export const refused = ({ code, what, remedy }: Refusal, where = 'Redis') =>
  new QueueError(`${where} cannot be used: ${what}.`, { code, remedy });

/** Whether an answer of Redis says that nothing will work before somebody has done something. */
export const isFinal = (error: unknown): boolean => refusalIn(error)?.passes === false;

/** A sentence about an error, for a notice. */
export function sentenceOf(error: unknown): string {
  const refusal = refusalIn(error);
  if (refusal) return `Redis cannot be used: ${refusal.what}. ${refusal.remedy}`;
  return error instanceof Error ? error.message : String(error);
}

/** Does something with Redis. @throws QueueError for each answer that is an error; else what `act` throws */
export async function explainingReplies<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal) throw refused(refusal);
    if (!isReply(error)) throw error;
    // Its `command` may hold a password: it is not handed on.
    throw new QueueError(`Redis refused a command: ${error.message}.`, {
      code: 'redis-refused',
      exitCode: 1,
      remedy: 'Check that it is Redis 6.2 or newer, or Valkey.',
    });
  }
}
