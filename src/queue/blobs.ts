/**
 * Checkpoints and weights on their way through Redis: binary values that expire. Only the worker that holds the cell's
 * lock can write them. So a worker that was believed dead cannot overwrite those of the worker after it.
 */
import type { Redis } from 'ioredis';
import { prefix } from './connection.js';
import { jobIdOf } from './payload.js';

export type BlobKind = 'checkpoint' | 'weights';

/** Blobs that nobody fetches are forgotten after a week, seconds. */
const timeToLive = 7 * 86_400;

const keyOf = (queue: string, kind: BlobKind, cellId: string) => `${prefix}:${queue}:${kind}:${cellId}`;
const lockOf = (queue: string, cellId: string) => `${prefix}:${queue}:${jobIdOf(cellId)}:lock`;

const fencedSet = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
return 1`;

/** Stores a blob if `token` still holds the cell's lock; whether it did. */
export async function sendBlob(
  redis: Redis,
  queue: string,
  kind: BlobKind,
  cellId: string,
  token: string,
  bytes: Uint8Array,
): Promise<boolean> {
  const keys = [lockOf(queue, cellId), keyOf(queue, kind, cellId)];
  return (await redis.eval(fencedSet, 2, ...keys, token, Buffer.from(bytes), timeToLive)) === 1;
}

export const fetchBlob = (redis: Redis, queue: string, kind: BlobKind, cellId: string) =>
  redis.getBuffer(keyOf(queue, kind, cellId));

export async function dropBlobs(redis: Redis, queue: string, cellId: string): Promise<void> {
  await redis.unlink(keyOf(queue, 'checkpoint', cellId), keyOf(queue, 'weights', cellId));
}
