/** Commands that got no answer, as against those that Redis refused. */
import { Redis, type Command } from 'ioredis';
import { errnoOf } from '../files/problem.js';
import { isReply } from './reply.js';

/** A command got no answer from Redis: the way there broke, or what answers is no Redis. */
export class NoAnswer extends Error {
  constructor({ message }: Error) {
    super(message);
    this.name = 'NoAnswer';
  }
}

type Stream = Parameters<Redis['sendCommand']>[1];

/**
 * A connection whose commands fail in two ways only: with Redis's answer, or with NoAnswer. ioredis itself has no
 * class for most of what happens on the way.
 */
export class Connection extends Redis {
  /** Commands without an answer yet. No `#private` field: BullMQ uses connections through a Proxy. */
  private readonly waiting = new Set<Command>();

  override sendCommand(command: Command, stream?: Stream): unknown {
    // A command comes by again where it had to wait for the connection.
    if (!this.waiting.has(command)) {
      this.waiting.add(command);
      const { reject } = command;
      command.reject = (error) => reject(isReply(error) ? error : new NoAnswer(error));
      const done = () => this.waiting.delete(command);
      command.promise.then(done, done);
    }
    return super.sendCommand(command, stream);
  }

  /** Fails every command that waits: ioredis would let those wait for ever that were sent before a connection broke. */
  failAll(error: Error): void {
    for (const command of this.waiting) command.reject(error);
  }
}

/** What sockets report of the way to another machine. */
const networkErrnos = /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+|EAI_AGAIN|ENOTFOUND)$/;

/**
 * Whether an error is about the way to Redis, rather than about what was asked or about our own disk. BullMQ has a
 * class of its own for a connection that has ended.
 */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof NoAnswer ||
  (error instanceof Error && error.name === 'ConnectionClosedError') ||
  networkErrnos.test(errnoOf(error) ?? '');
