/** What kind of Redis answers, and whether a sweep can be coordinated over it. */
import type { Redis } from 'ioredis';
import type { RedisAddress } from './address.js';
import { cluster, loading, refusalIn, refused, replica, type Refusal } from './refusals.js';
import { isReply, replyCode } from './reply.js';
import { isUnanswered } from './unanswered.js';
import { explainUnreachable } from './unreachable.js';

/** The oldest version that BullMQ is at home on. */
const oldest = [6, 2] as const;

/**
 * Logs in, reads INFO and selects the database, over a connection that does none of this by itself.
 * @returns whether Redis wants the address's password
 * @throws QueueError where it refuses, or is of a kind that is not supported
 */
export async function inspect(trial: Redis, address: RedisAddress): Promise<boolean> {
  const { shown, tls, db } = address;
  const where = `Redis at ${shown}`;
  try {
    const wantsPassword = await logIn(trial, address);
    const problem = problemOf(parseInfo(await trial.info()));
    if (problem) throw refused(problem, where);
    if (db > 0) await select(trial, db, where);
    return wantsPassword;
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal) throw refused(refusal, where);
    if (isReply(error)) throw refused(notRedis, where);
    if (isUnanswered(error)) throw explainUnreachable(error, shown, tls);
    throw error;
  }
}

const notRedis: Refusal = {
  code: 'redis-refused',
  what: 'what answers there does not know the commands of Redis 6.2',
  remedy: 'Check host and port.',
  passes: false,
};

/** False where Redis has no password set for its default user. @throws what else it answers */
async function logIn(trial: Redis, { username, password }: RedisAddress): Promise<boolean> {
  if (password === undefined) return true;
  try {
    await (username === undefined ? trial.auth(password) : trial.auth(username, password));
    return true;
  } catch (error) {
    // Wrong passwords have codes of their own; what is left is a password where none is set.
    if (replyCode(error) === 'ERR' && username === undefined) return false;
    throw error;
  }
}

async function select(trial: Redis, db: number, where: string): Promise<void> {
  try {
    // ioredis selects by itself too. But if that fails, it continues in database 0, which is not the one asked for.
    await trial.select(db);
  } catch (error) {
    if (replyCode(error) !== 'ERR') throw error;
    throw refused(
      {
        code: 'redis-no-such-database',
        what: 'it has no database of that number (usually there are 16, from 0 on)',
        remedy:
          'Write a smaller one after the last slash of the address, or raise `databases` in the configuration of Redis.',
        passes: false,
      },
      where,
    );
  }
}

/** The fields of an answer to INFO. */
export const parseInfo = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );

/** Why a Redis that says this about itself is not supported; undefined where it is. */
export function problemOf(info: ReadonlyMap<string, string>): Refusal | undefined {
  const mode = info.get('redis_mode');
  if (mode === 'cluster') return cluster;
  if (mode === 'sentinel') return sentinel;
  const version = info.get('redis_version') ?? '';
  if (isTooOld(version)) return old(version);
  if (info.get('loading') === '1') return loading;
  if (info.get('role') === 'slave') {
    return replica(`${info.get('master_host')}:${info.get('master_port')}`);
  }
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  return Number(info.get('maxmemory') ?? 0) > 0 && policy !== 'noeviction' ? evicting(policy) : undefined;
}

function isTooOld(version: string): boolean {
  const [major = NaN, minor = 0] = version === '' ? [] : version.split('.').map(Number);
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

const sentinel: Refusal = {
  code: 'redis-sentinel',
  what: 'it is a Sentinel, which stores no data',
  remedy: 'Give the address of the primary: `SENTINEL get-master-addr-by-name` tells it.',
  passes: false,
};

const old = (version: string): Refusal => ({
  code: 'redis-old',
  what: `it is of version ${version}`,
  remedy: 'Use Redis 6.2 or newer, or Valkey.',
  passes: false,
});

const evicting = (policy: string): Refusal => ({
  code: 'redis-evicts',
  what: `it removes keys when it is full (maxmemory-policy ${policy}), cells and results among them`,
  remedy: 'Set `maxmemory-policy noeviction`.',
  passes: false,
});
