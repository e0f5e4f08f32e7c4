import fc from 'fast-check';
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
    'redis://:secret@h?',
    'redis://:secret#@h',
    'redis://:secret@h#',
    'redis://h#secret',
    'redis://:Sup@secret#@127.0.0.1:6379/1',
    'redis://secret$word:6379',
    ' redis://:secret@h',
    'redis://:sec\tret@h',
    'redis://:sec\nret@h',
  ])('refuses %s without repeating it', (text) => {
    expect(() => parseAddress(text)).toThrow(QueueError);
    try {
      parseAddress(text);
    } catch (error) {
      expect((error as Error).message).not.toMatch(/se%?cret|Sup|\$/);
      expect(error).toMatchObject({ code: 'redis-address', exitCode: 2 });
    }
  });

  it('gives back any password that is percent-encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (password) => {
        const address = parseAddress(`redis://:${encodeURIComponent(password)}@127.0.0.1:6379/1`);
        expect(address).toMatchObject({ host: '127.0.0.1', port: 6379, db: 1, password });
        expect(address.shown).toBe('redis://127.0.0.1:6379/1');
      }),
    );
  });

  it('goes to no other host, and shows nothing, whatever a password holds as it is', () => {
    // Capitals with digits, so that no piece of a password is a word of the refusal.
    const piece = fc.stringMatching(/^[A-Z]\d[A-Z]\d$/);
    const between = fc.constantFrom(
      '/',
      '?',
      '#',
      '@',
      ':',
      '%',
      '\\',
      ' ',
      '\t',
      '[',
      ']',
      '@#',
      ':/',
      '%41',
    );
    const password = fc
      .array(fc.tuple(piece, between), { minLength: 1, maxLength: 4 })
      .map((parts) => ({ text: parts.flat().join(''), pieces: parts.map(([word]) => word) }));
    fc.assert(
      fc.property(password, ({ text, pieces }) => {
        let seen: string;
        try {
          const { host, shown } = parseAddress(`redis://:${text}@127.0.0.1:6379/1`);
          expect(host).toBe('127.0.0.1');
          seen = shown;
        } catch (error) {
          expect(error).toBeInstanceOf(QueueError);
          seen = (error as Error).message;
        }
        for (const word of pieces) expect(seen).not.toContain(word);
      }),
      { numRuns: 1000 },
    );
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
