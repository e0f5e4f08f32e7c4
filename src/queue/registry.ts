/**
 * What Redis knows beside the queues themselves: which sweeps there are, who coordinates each, which workers live.
 * Ages are told by Redis's clock, so that the machines' own clocks do not matter.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ChainableCommander, Redis } from 'ioredis';
import { z } from 'zod';
import { birthOf, isRunning, place } from '../files/process.js';
import { prefix } from './connection.js';
import { printable } from '../experiment/printable.js';

const sweepsKey = `${prefix}:sweeps`;
const drainedKey = `${prefix}:drained`;
const workersKey = `${prefix}:workers`;
const seenKey = `${prefix}:workers-seen`;
const coordinatorKey = (queue: string) => `${prefix}:${queue}:coordinator`;

/** Writes a worker's facts with the time. */
const heartbeatScript = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
return 1`;

/** Facts of workers seen in the last ARGV[1] seconds; forgets older ones. */
const listScript = `
local now = tonumber(redis.call('TIME')[1])
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[1]))
for _, id in ipairs(old) do redis.call('HDEL', KEYS[1], id) redis.call('ZREM', KEYS[2], id) end
return redis.call('HVALS', KEYS[1])`;

/** Takes or renews the coordinator's claim: 1, or the other coordinator's text. */
const claimScript = `
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[3] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Executes a transaction or pipeline. @throws the first error among its answers, which ioredis hands over in silence */
export async function execute(commands: ChainableCommander): Promise<unknown[]> {
  return ((await commands.exec()) ?? []).map(([error, answer]) => {
    if (error) throw error;
    return answer;
  });
}
/** A string that is fit to print after this. */
const text = z.string().transform(printable);

const factsSchema = z.object({
  id: z.string(),
  host: text,
  pid: z.number(),
  version: text,
  slots: z.number(),
  busy: z.number(),
  serves: z.array(z.string()),
  refuses: z.record(text, text),
});

/** What a worker says about itself. */
export type WorkerFacts = z.infer<typeof factsSchema>;

/** A worker not seen for so long is gone, seconds. */
const goneAfter = 20;

/**
 * The sweeps' descriptions, unchecked, by queue name. A name that would not print as it is, or that BullMQ does not
 * take, can only be forged.
 */
export async function listSweeps(redis: Redis): Promise<Record<string, string>> {
  const listed = Object.entries(await redis.hgetall(sweepsKey));
  return Object.fromEntries(listed.filter(([name]) => printable(name) === name && /^[^:]+$/.test(name)));
}

export async function registerSweep(redis: Redis, queue: string, spec: object): Promise<void> {
  await execute(redis.multi().hset(sweepsKey, queue, JSON.stringify(spec)).srem(drainedKey, queue));
}

export const isRegistered = async (redis: Redis, queue: string) =>
  (await redis.hexists(sweepsKey, queue)) === 1;

export async function unregisterSweep(redis: Redis, queue: string): Promise<void> {
  await execute(redis.multi().hdel(sweepsKey, queue).srem(drainedKey, queue));
}

/** Notes that a sweep's waiting cells were taken off by a person, not lost. */
export const markDrained = (redis: Redis, queue: string) => redis.sadd(drainedKey, queue);
export const isDrained = async (redis: Redis, queue: string) =>
  (await redis.sismember(drainedKey, queue)) === 1;

export async function sendHeartbeat(redis: Redis, facts: WorkerFacts): Promise<void> {
  await redis.eval(heartbeatScript, 2, workersKey, seenKey, facts.id, JSON.stringify(facts));
}

export async function signOff(redis: Redis, id: string): Promise<void> {
  await execute(redis.multi().hdel(workersKey, id).zrem(seenKey, id));
}

export async function listWorkers(redis: Redis): Promise<WorkerFacts[]> {
  const texts = (await redis.eval(listScript, 2, workersKey, seenKey, goneAfter)) as string[];
  return texts.flatMap((text) => {
    try {
      return [factsSchema.parse(JSON.parse(text))];
    } catch {
      return [];
    }
  });
}

const ownerSchema = z.object({
  host: text,
  dir: text,
  token: z.string(),
  /** The process, in terms of files/process.ts. */
  place: z.string().optional(),
  pid: z.number().optional(),
  birth: z.string().optional(),
});
/** Who coordinates a sweep. */
export type Coordinator = z.infer<typeof ownerSchema>;

/** A claim not renewed for so long is free, milliseconds. */
export const claimLasts = 15_000;

/**
 * Takes or renews the claim on a sweep; the other's facts where it is taken. A claim from our own results folder is
 * inherited where its process has died: equal host names and folders are no proof of that, containers have them too.
 */
export async function claimSweep(redis: Redis, queue: string, own: Coordinator): Promise<true | Coordinator> {
  const key = coordinatorKey(queue);
  const text = await redis.get(key);
  const before = readOwner(text);
  const inherited = text !== null && before?.dir === own.dir && hasDied(before) ? text : '';
  const answer = await redis.eval(claimScript, 1, key, JSON.stringify(own), claimLasts, inherited);
  return answer === 1
    ? true
    : (readOwner(answer as string) ?? { host: 'unknown', dir: 'unknown', token: '' });
}

export async function releaseClaim(redis: Redis, queue: string, own: Coordinator): Promise<void> {
  await redis.eval(releaseScript, 1, coordinatorKey(queue), JSON.stringify(own));
}

/** Whether a coordinator is known to be dead: only of processes of our own place that can be told. */
const hasDied = ({ place: where, pid, birth }: Coordinator) =>
  where === place && pid !== undefined && (!isRunning(pid) || birthOf(pid) !== birth);

/** This process's claim on a sweep. */
export const claimFrom = (dir: string): Coordinator => ({
  host: hostname(),
  dir,
  token: randomUUID(),
  place,
  pid: process.pid,
  birth: birthOf(process.pid),
});

function readOwner(text: string | null): Coordinator | undefined {
  try {
    return text === null ? undefined : ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
