/** What is not repeated of a command line: addresses of Redis, wherever they stand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactAddresses } from '../../src/cli/redactAddresses.js';
import { call } from '../queue/program.js';

const secret = 'r5 ecret#Q';
const address = `redis://:${secret}@127.0.0.1:1/1`;

describe('a password on the command line', () => {
  it.each([
    [['queue', address]],
    [['worker', `--redis=${address}`]],
    [['worker', `--concurrency=${address}`]],
    [['queue', address.replace('redis://', '')]],
    [['run', address]],
  ])('is not repeated by %j', async (args) => {
    const { code, output } = await call(args);
    expect(code, output).toBe(2);
    for (const part of [secret, 'r5', 'ecret', '#Q']) expect(output).not.toContain(part);
  });

  it('is taken out of any text, and other arguments are not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 8 }), (password) => {
        const url = `redis://me:${password}@host`;
        expect(redactAddresses(`unknown '${url}', file 'a@b'`, ['a@b', url])).toBe(
          "unknown '<address>', file 'a@b'",
        );
      }),
    );
  });
});
