import { expect, it } from 'vitest';
import { proxyAdvice } from '../../src/data/proxy.js';

it.each([
  [{ HTTPS_PROXY: 'http://p:1' }, false, 'HTTPS_PROXY'],
  [{ http_proxy: 'http://p:1', NO_PROXY: 'a' }, false, 'http_proxy'],
  [{ HTTPS_PROXY: 'http://p:1' }, true, undefined],
  [{ HTTPS_PROXY: 'http://p:1', NODE_USE_ENV_PROXY: '1' }, false, undefined],
  [{ HTTPS_PROXY: 'http://p:1', NODE_OPTIONS: '--use-env-proxy' }, false, undefined],
  [{ HTTPS_PROXY: '' }, false, undefined],
  [{ NO_PROXY: 'a' }, false, undefined],
])('a proxy that Node goes past is named: %j', (env, isLate, name) => {
  const advice = proxyAdvice(env, isLate);
  if (name === undefined) return expect(advice).toBeUndefined();
  expect(advice).toContain(name);
  expect(advice).toContain('NODE_USE_ENV_PROXY=1');
});
