/** A queue's worker in this process. */
import { parseAddress } from '../../src/queue/address.js';
import { serve } from '../../src/queue/serve.js';

export interface Serving {
  /** What the worker says, so far. */
  readonly notices: string[];
  leave(): Promise<unknown>;
}

/** Starts one. @param now its clock, milliseconds */
export function startServing(url: string, dataDir: string | undefined, now: () => number): Serving {
  const notices: string[] = [];
  const stop = new AbortController();
  const done = serve(
    parseAddress(url),
    { concurrency: 1, idleExit: 0, dataDir, signal: stop.signal, now },
    { onNotice: (text) => void notices.push(text) },
  );
  return {
    notices,
    leave() {
      stop.abort();
      return done;
    },
  };
}
