/** What kernels do passes through here, so that it can be recorded. One recording at a time. */
import { Recording, type Values, type Work } from './recording.js';

let current: Recording | undefined;

export const isRecording = (): boolean => current !== undefined;

/** Runs `work(...args)`, as everything is done that a kernel writes to a tensor's values. */
export function perform<Args extends unknown[]>(work: (...args: Args) => void, ...args: Args): void {
  work(...args);
  current?.add(work as unknown as Work, args);
}

/** An array that is new, to be written to by the kernel that asked for it. */
export function allocated(values: Float32Array): void {
  current?.note(values);
}

/** Says that something happened that a recording does not hold. */
export function spoil(): void {
  if (current) current.complete = false;
}

/** Runs `compute` and records it. Not to be called while another records. */
export function record<T>(inputs: readonly Values[], compute: () => T): { out: T; recording: Recording } {
  const recording = new Recording(inputs);
  current = recording;
  try {
    return { out: compute(), recording };
  } finally {
    current = undefined;
  }
}
