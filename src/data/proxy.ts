/** Downloads through a proxy, as the environment asks for it. Node's `fetch` uses these variables only if told to. */
import { createRequire } from 'node:module';

type Environment = Readonly<Record<string, string | undefined>>;

const variables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

interface Http {
  /** Node 24.14 and 25.4 brought it: the types of Node 20 do not know it. */
  readonly setGlobalProxyFromEnv?: (env: Environment) => unknown;
}

/** Node's own module, loaded only where there is something to download. */
const http = () => createRequire(import.meta.url)('node:http') as Http;

/** Whether Node was started so that it heeds the variables. */
const isHeeded = (env: Environment) =>
  env['NODE_USE_ENV_PROXY'] === '1' ||
  [...process.execArgv, ...(env['NODE_OPTIONS'] ?? '').split(' ')].includes('--use-env-proxy');

/** Sends downloads through HTTP_PROXY and HTTPS_PROXY, except for hosts in NO_PROXY, if this Node can still do that. */
export function useProxy(env: Environment = process.env): void {
  if (proxyIn(env) !== undefined) http().setGlobalProxyFromEnv?.(env);
}

/** The first of the variables that is set. */
const proxyIn = (env: Environment) => variables.find((name) => (env[name] ?? '') !== '');

/**
 * Advice if a proxy is set and this Node does not use it; else undefined.
 * @param isLate whether `useProxy` works on this Node
 */
export function proxyAdvice(
  env: Environment = process.env,
  isLate = http().setGlobalProxyFromEnv !== undefined,
): string | undefined {
  const name = proxyIn(env);
  if (name === undefined || isLate || isHeeded(env)) return undefined;
  return `${name} is set, but this Node does not use it by itself: set NODE_USE_ENV_PROXY=1 too, with Node 22.21, 24 or later.`;
}
