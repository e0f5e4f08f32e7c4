/** The codes of what real servers answer, and of what older and newer ones are known to. */
import { ReplyError } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReply, replyCode } from '../../src/queue/reply.js';
import { Connection, NoAnswer, isUnanswered } from '../../src/queue/unanswered.js';
import { noRedis, startRedis, type Server } from './redis.js';

const reply = (message: string) => new (ReplyError as new (message: string) => Error)(message);
const errorOf = (act: Promise<unknown>) =>
  act.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the code of an answer', () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM'],
    [
      'ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -OOM command not allowed',
      'OOM',
    ],
    [
      'ERR Error running script (call to f_1): @user_script:1: WRONGTYPE Operation against a key',
      'WRONGTYPE',
    ],
    ["READONLY You can't write against a read only replica. script: 1, on @user_script:3.", 'READONLY'],
    ["ERR The user executing the script can't run this command or subcommand", 'NOPERM'],
    ["ERR ACL failure in script: User me has no permissions to run the 'set' command", 'NOPERM'],
    ["CROSSSLOT Keys in request don't hash to the same slot", 'CROSSSLOT'],
    ['BUSYGROUP Consumer Group name already exists', 'BUSYGROUP'],
    ['ERR no such key: the OOM killer', 'ERR'],
    ['', undefined],
  ])('%j is %s', (message, code) => expect(replyCode(reply(message))).toBe(code));

  it('is only that of answers, whatever the words of other errors', () => {
    expect(replyCode(new Error('OOM no memory'))).toBeUndefined();
    expect(replyCode('OOM')).toBeUndefined();
  });
});

describe.skipIf(noRedis)('a real server', () => {
  let server: Server;
  let redis: Connection;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Connection(server.port, '127.0.0.1', { maxRetriesPerRequest: 0, retryStrategy: () => null });
    redis.on('error', () => undefined);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('answers with codes, directly, from a script, in a pipeline and in a transaction', async () => {
    await redis.set('text', 'x');
    const call = "return redis.call('HGET', KEYS[1], 'x')";
    for (const error of [
      await errorOf(redis.hget('text', 'x')),
      await errorOf(redis.eval(call, 1, 'text')),
      (await redis.pipeline().hget('text', 'x').exec())![0]![0],
      (await redis.multi().hget('text', 'x').exec())![0]![0],
    ]) {
      expect(replyCode(error)).toBe('WRONGTYPE');
      expect(isUnanswered(error)).toBe(false);
    }
    await redis.config('SET', 'maxmemory', '1');
    expect(replyCode(await errorOf(redis.set('text', 'y')))).toBe('OOM');
    expect(replyCode(await errorOf(redis.eval("return redis.call('SET', 'text', 'y')", 0)))).toBe('OOM');
    expect(replyCode(await errorOf(redis.multi().set('text', 'y').exec()))).toBe('OOM');
    await redis.config('SET', 'maxmemory', '0');
  });

  it('that is killed gives no answer, to commands under way and to later ones', async () => {
    const waiting = errorOf(redis.blpop('nothing', 0));
    await sleep(50);
    await server.kill();
    for (const error of [
      await waiting,
      await errorOf(redis.ping()),
      await errorOf(
        redis
          .pipeline()
          .get('x')
          .exec()
          .then((all) => {
            throw all![0]![0]!;
          }),
      ),
    ]) {
      expect(error).toBeInstanceOf(NoAnswer);
      expect([isUnanswered(error), isReply(error), replyCode(error)]).toEqual([true, false, undefined]);
    }
  });
});
