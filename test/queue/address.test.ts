import { describe, expect, it } from 'vitest';
import { QueueError, addressVariable, findAddress, parseAddress } from '../../src/queue/address.js';

describe('parseAddress', () => {
  it('reads host, port, database, user and password, and shows all but the last two', () => {
    const address = parseAddress('rediss://me:s%40cret@redis.example:6380/3');
    expect(address).toEqual({
      host: 'redis.example',
      port: 6380,
      db: 3,
      tls: true,
      username: 'me',
      password: 's@cret',
      shown: 'rediss://redis.example:6380/3',
    });
  });

  it('has Redis’s defaults', () => {
    expect(parseAddress('redis://localhost')).toEqual({
      host: 'localhost',
      port: 6379,
      db: 0,
      tls: false,
      shown: 'redis://localhost:6379',
    });
    expect(parseAddress('redis://[::1]:1')).toMatchObject({ host: '::1', shown: 'redis://[::1]:1' });
  });

  it.each([
    'http://:secret@h',
    'secret',
    'redis://:secret@',
    'redis://:secret@h/x',
    'redis://:se%cret@h',
    'redis://:secret@h?a=1',
  ])('refuses %s without repeating it', (text) => {
    expect(() => parseAddress(text)).toThrow(QueueError);
    try {
      parseAddress(text);
    } catch (error) {
      expect((error as Error).message).not.toMatch(/se%?cret/);
    }
  });
});

describe('findAddress', () => {
  it('takes the variable out of the environment, and the argument before the variable', () => {
    process.env[addressVariable] = 'redis://:secret@one';
    expect(findAddress('redis://two').host).toBe('two');
    expect(process.env[addressVariable]).toBeUndefined();
    process.env[addressVariable] = 'redis://:secret@one';
    expect(findAddress(undefined)).toMatchObject({ host: 'one', password: 'secret' });
    expect(() => findAddress(undefined)).toThrow('ADAMW_BENCH_REDIS');
  });
});
