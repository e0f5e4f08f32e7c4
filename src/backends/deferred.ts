/**
 * Deferred backends compute behind the caller's back: a kernel call returns before its result is there, and reading a
 * result waits for all that was asked for before. A training step on such a backend reads nothing (train/deferred.ts).
 * TensorFlow's kernels for a CPU compute at once, but take the same way: what is tested there runs on a GPU too.
 */
import { engine } from './tfjs.js';

const deferred: ReadonlySet<string> = new Set(['tensorflow', 'webgpu']);

/** Whether the current backend is a deferred one. */
export const isDeferred = (): boolean => deferred.has(engine().backendName);
