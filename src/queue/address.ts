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
const encoding =
  'In a user name or a password write / as %2F, ? as %3F, # as %23, @ as %40, % as %25 and : as %3A.';

/** Host names and numeric addresses; in what is none of these there may be a part of a password. */
const hostForm = /^([\w.-]+|\[[\da-f:.]+\])$/i;

/** A refusal that shows no part of the address: what cannot be told apart may belong to a password. */
const unreadable = () =>
  new QueueError(`The Redis address is not of the form ${form}.`, {
    code: 'redis-address',
    remedy: encoding,
  });

/**
 * Parses an address.
 * @throws QueueError that does not repeat the text, which may hold a password
 */
export function parseAddress(text: string): RedisAddress {
  const url = readUrl(text);
  const database = url.pathname.replace(/^\/$/, '').slice(1);
  const known = ['redis:', 'rediss:'].includes(url.protocol) && hostForm.test(url.hostname);
  if (!known || !/^\d*$/.test(database)) throw unreadable();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 6379 : Number(url.port);
  const db = Number(database);
  const username = readable(url.username);
  const password = readable(url.password);
  return {
    host,
    port,
    db,
    tls: url.protocol === 'rediss:',
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    shown: `${url.protocol}//${url.hostname}:${port}${db > 0 ? `/${db}` : ''}`,
  };
}

/** An URL without query and fragment. URL itself would drop white space, and with it a part of a password. */
function readUrl(text: string): URL {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[?#\s\u0000-\u001f\u007f]/.test(text)) throw unreadable();
  try {
    return new URL(text);
  } catch {
    throw unreadable();
  }
}

function readable(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unreadable();
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
      { code: 'redis-address-missing' },
    );
  }
  if (given !== undefined) process.title = 'adamw-bench';
  return parseAddress(text);
}
