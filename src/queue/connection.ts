/** Connections to Redis that outlive its restarts. */
import { isIP } from 'node:net';
import type { Redis, RedisOptions } from 'ioredis';
import type { RedisAddress } from './address.js';
import { inspect } from './inspect.js';
import { isFinal, refusalIn, sentenceOf } from './refusals.js';
import { replyCode } from './reply.js';
import { Connection, isUnanswered } from './unanswered.js';
import { explainUnreachable } from './unreachable.js';

/** All our keys and BullMQ's begin with this. */
export const prefix = 'adamw-bench';

/** A connection without an answer for so long is given up and made anew, milliseconds. */
const deadAfter = 20_000;
/** Two connections that are made anew because Redis has become a replica are so far apart, milliseconds. */
const betweenFailovers = 5000;

/** ioredis's options for the way to an address, without user, password and database. */
const wayTo = ({ host, port, tls }: RedisAddress): RedisOptions => ({
  host,
  port,
  // A numeric address is no server name (RFC 6066, 3); the certificate is checked against it all the same.
  ...(tls ? { tls: isIP(host) ? {} : { servername: host } } : {}),
  lazyConnect: true,
  connectTimeout: 10_000,
});

/**
 * Connects, and from then on reconnects for ever: commands wait while Redis is away. `onNotice` hears of losses.
 * @throws QueueError where Redis cannot be reached now, refuses us, or is of a kind that is not supported
 */
export async function connect(
  address: RedisAddress,
  onNotice: (text: string) => void = () => undefined,
): Promise<Redis> {
  const { shown, username, password, db } = address;
  const { wantsPassword } = await tryOut(address);
  if (!wantsPassword) {
    onNotice(`Redis at ${shown} wants no password: everybody who reaches it may use it.`);
  }
  let established = false;
  const failover = failovers();
  const redis = new Connection({
    ...wayTo(address),
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined || !wantsPassword ? {} : { password }),
    maxRetriesPerRequest: null,
    socketTimeout: deadAfter,
    keepAlive: 10_000,
    retryStrategy: (times) => (established ? Math.min(times * 200, 3000) : null),
    reconnectOnError: (error) => failover.reconnects(error),
  });
  await establish(redis, address);
  established = true;
  tellLosses(redis, shown, failover, onNotice);
  return redis;
}

/** Looks at Redis over a connection of its own, which says more of what is wrong than one that reconnects. */
async function tryOut(address: RedisAddress): Promise<{ wantsPassword: boolean }> {
  const trial = new Connection({
    ...wayTo(address),
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 10_000,
    retryStrategy: () => null,
  });
  try {
    await establish(trial, address);
    return { wantsPassword: await inspect(trial, address) };
  } finally {
    trial.disconnect();
  }
}

/** Makes the first connection. @throws QueueError */
async function establish(redis: Redis, { shown, tls }: RedisAddress): Promise<void> {
  let reason: unknown;
  redis.on('error', (error: Error) => (reason ??= error));
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw explainUnreachable(reason ?? error, shown, tls);
  }
}

/**
 * A Redis that answers READONLY has become a replica: behind its name there may be another primary by now, which only
 * a new connection finds.
 */
function failovers() {
  let last = -Infinity;
  let under = false;
  return {
    reconnects(error: Error): boolean {
      if (replyCode(error) !== 'READONLY' || performance.now() - last < betweenFailovers) return false;
      last = performance.now();
      return (under = true);
    },
    /** Whether the connection was closed for that reason; from now on no more. */
    done: () => {
      const was = under;
      under = false;
      return was;
    },
  };
}

/** Says, once for each, that Redis is gone, why it does not take us back, and that it is there again. */
function tellLosses(
  redis: Connection,
  shown: string,
  failover: ReturnType<typeof failovers>,
  onNotice: (text: string) => void,
): void {
  let away = false;
  let told = '';
  redis.on('close', () => {
    if (redis.status === 'end' || away || failover.done()) return;
    away = true;
    onNotice(`The connection to Redis at ${shown} is lost; waiting for it to come back.`);
  });
  redis.on('error', (error: Error) => {
    // Of a new connection, e.g. because the password was changed: who uses this one ends with that answer.
    if (isFinal(error)) {
      redis.failAll(error);
      return;
    }
    const text = refusalIn(error) ? sentenceOf(error) : told;
    if (text !== told) onNotice((told = text));
  });
  redis.on('ready', () => {
    told = '';
    if (!away) return;
    away = false;
    onNotice(`Redis at ${shown} is back.`);
  });
}

/** Whether the same request may succeed later: Redis is away, or in a state that passes. */
export const mayPass = (error: unknown): boolean => isUnanswered(error) || refusalIn(error)?.passes === true;
