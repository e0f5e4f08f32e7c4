/** Connections to Redis that outlive its restarts. */
import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { StorageError } from '../sweep/directory.js';
import { QueueError, type RedisAddress } from './address.js';
import { deniedIn } from './permissions.js';

/** All our keys and BullMQ's begin with this. */
export const prefix = 'adamw-bench';

/** A connection without an answer for so long is given up and made anew, milliseconds. */
const deadAfter = 20_000;

/**
 * Connects, and from then on reconnects for ever: commands wait while Redis is away. `onNotice` hears of losses.
 * @throws QueueError where Redis cannot be reached now, or refuses us
 */
export async function connect(
  address: RedisAddress,
  onNotice: (text: string) => void = () => undefined,
): Promise<Redis> {
  const { shown, tls, ...where } = address;
  let established = false;
  let lastError = 'no answer';
  const redis = new Redis({
    ...where,
    // A numeric address is no server name (RFC 6066, 3); the certificate is checked against it all the same.
    ...(tls ? { tls: isIP(address.host) ? {} : { servername: address.host } } : {}),
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: 10_000,
    socketTimeout: deadAfter,
    keepAlive: 10_000,
    retryStrategy: (times) => (established ? Math.min(times * 200, 3000) : null),
    // A restarted Redis answers LOADING, a replica READONLY: both are worth another try.
    reconnectOnError: (error) => /^(READONLY|LOADING)/.test(error.message),
  });
  redis.on('error', (error: Error) => (lastError = explain(error, tls)));
  try {
    await redis.connect();
    await redis.ping();
    // ioredis selects by itself too, but where that fails it goes on in database 0, which is another's.
    if (address.db > 0) await redis.select(address.db);
  } catch (error) {
    redis.disconnect();
    const why = lastError === 'no answer' ? explain(error as Error, tls) : lastError;
    throw new QueueError(`Redis at ${shown} cannot be used: ${why}.`);
  }
  established = true;
  tellLosses(redis, shown, onNotice);
  return redis;
}

function tellLosses(redis: Redis, shown: string, onNotice: (text: string) => void): void {
  let away = false;
  redis.on('close', () => {
    if (redis.status === 'end' || away) return;
    away = true;
    onNotice(`The connection to Redis at ${shown} is lost; waiting for it to come back.`);
  });
  redis.on('ready', () => {
    if (!away) return;
    away = false;
    onNotice(`Redis at ${shown} is back.`);
  });
}

/** What to do about a certificate, by the code of what is wrong with it; else its authority is unknown here. */
const remedies: Record<string, string> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'Write the host as the certificate does',
  CERT_HAS_EXPIRED: 'Renew it',
  CERT_NOT_YET_VALID: 'Check the clocks of both machines',
};

function explain(error: Error & { code?: string }, tls: boolean): string {
  const { message, code = '' } = error;
  const denied = deniedIn(error);
  if (denied !== undefined) return denied;
  if (code === 'ECONNREFUSED') return 'nothing listens there. Start Redis, or check host and port';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  if (/^NOAUTH|WRONGPASS|invalid password|without any password/.test(message)) {
    return `it refuses the password or wants one (${message.split(/[ :]/)[0] ?? 'NOAUTH'})`;
  }
  if (/DB index|out of range/.test(message)) {
    return 'it has no database of that number (usually there are 16, from 0 on). Write a smaller one after the last slash of the address, or raise `databases` in the configuration of Redis';
  }
  if (/certificate|self.signed/i.test(message)) {
    const remedy = remedies[code] ?? "Name the authority's file in NODE_EXTRA_CA_CERTS";
    return `its certificate is not trusted (${message.replace(/\.$/, '')}). ${remedy}`;
  }
  if (['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EPROTO'].includes(code) || /Connection is closed/.test(message)) {
    const other = tls ? 'redis:// if this Redis is without TLS' : 'rediss:// if it is with TLS';
    return `no conversation came about (${message.replace(/\.$/, '')}). Check host and port, or write ${other}`;
  }
  return message.replace(/\.$/, '');
}

/** Whether an error is about the way to Redis rather than about what was asked, or about our own disk. */
export const isConnectionError = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof StorageError) &&
  (/Connection is closed|Socket closed|timed out|timeout|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|max retries/i.test(
    error.message,
  ) ||
    /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/.test((error as NodeJS.ErrnoException).code ?? ''));

/**
 * Whether Redis refuses for a state that passes: it starts, fails over, is out of memory or disk, or busy with a
 * script. From within a script such an answer may come with words or a dash before it.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
export const isRefusedForNow = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof StorageError) &&
  /(^|[\s-])(READONLY|OOM|MISCONF|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|LOADING|BUSY|NOREPLICAS)\s/.test(
    error.message,
  );

/** Whether the same request may succeed later. */
export const mayPass = (error: unknown): boolean => isConnectionError(error) || isRefusedForNow(error);
