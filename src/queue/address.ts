/**
 * Redis addresses as users give them. The secret part never leaves this file except towards Redis: everything that
 * is shown is `shown`.
 */
import { ReportedError, type ReportedOptions } from '../errors/reported.js';

/** A refusal that tells the user what to do; the command ends with exit code 2. */
export class QueueError extends ReportedError {
  constructor(message: string, options: ReportedOptions = {}) {
    super(message, { code: 'queue-unusable', ...options });
  }
}

/** Where the address may be given instead of on the command line, where other users of the machine can read it. */
export const addressVariable = 'ADAMW_BENCH_REDIS';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls: boolean;
  /** The address without user name and password, for people. */
  readonly shown: string;
}

const form = 'redis://[[user]:password@]host[:port][/database], or rediss:// for TLS';

/**
 * Parses an address.
 * @throws QueueError that does not repeat the text, which may hold a password
 */
export function parseAddress(text: string): RedisAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new QueueError(`The Redis address cannot be read. Write it as ${form}.`);
  }
  const tls = url.protocol === 'rediss:';
  const database = url.pathname.replace(/^\/$/, '').slice(1);
  const known = ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '';
  if (!known || !/^\d*$/.test(database) || url.search !== '') {
    throw new QueueError(`The Redis address is not of the form ${form}.`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 6379 : Number(url.port);
  const db = Number(database);
  const username = readable(url.username);
  const password = readable(url.password);
  return {
    host,
    port,
    db,
    tls,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    shown: `${url.protocol}//${url.hostname}:${port}${db > 0 ? `/${db}` : ''}`,
  };
}

function readable(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new QueueError('A percent sign in the Redis user name or password must be written as %25.');
  }
}

/**
 * The address from the command line or the environment. The variable is taken out of the environment, so that
 * child processes do not inherit it, and a password is taken off the process title.
 * @throws QueueError where neither has one
 */
export function findAddress(given: string | undefined): RedisAddress {
  const fromEnvironment = process.env[addressVariable];
  Reflect.deleteProperty(process.env, addressVariable);
  const text = given ?? fromEnvironment;
  if (!text) {
    throw new QueueError(
      `Say where Redis is, e.g. redis://localhost:6379, or set ${addressVariable} (better where there is a password).`,
    );
  }
  if (given !== undefined) process.title = 'adamw-bench';
  return parseAddress(text);
}
