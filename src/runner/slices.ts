/** Long loops in slices, so that a process with a million cells still hears signals, timers and its workers. */
import { setImmediate as others } from 'node:timers/promises';
import type { Job, Plan } from '../experiment/plan.js';

/** Longest time without a look at anything else, milliseconds; well under what a person notices. */
const sliceMs = 20;
/** How many items between two looks at the clock. */
const stride = 64;

/**
 * Visits every item in order; whatever else waits in the process gets its turn between slices.
 * @throws the signal's reason once it aborts
 */
export async function inSlices<T>(
  items: Iterable<T>,
  visit: (item: T) => void,
  signal?: AbortSignal,
): Promise<void> {
  let visited = 0;
  let until = performance.now() + sliceMs;
  for (const item of items) {
    visit(item);
    if (++visited % stride !== 0 || performance.now() < until) continue;
    await others();
    signal?.throwIfAborted();
    until = performance.now() + sliceMs;
  }
}

/**
 * All jobs of a plan, made in slices.
 * @throws the signal's reason once it aborts
 */
export async function jobsInSlices(plan: Plan, signal?: AbortSignal): Promise<Job[]> {
  const jobs: Job[] = [];
  await inSlices(plan.jobs(), (job) => jobs.push(job), signal);
  return jobs;
}
