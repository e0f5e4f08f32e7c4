/** Who takes the steps on TensorFlow: our backend, eager and recorded, and tf.function in Python. */
import { fileURLToPath } from 'node:url';
import { peer, requirePython } from '../peers/python.js';
import { startProcess, type Program } from '../speed/process.js';
import type { Case } from './cases.js';

/**
 * `recorded` is what a user gets, and `xla` with `xla: true`; `eager` is the same with the recorder off, and `tfjs` has not
 * our kernels either, as in any program of tfjs-node.
 */
export const engines = ['tfjs', 'eager', 'recorded', 'xla', 'tf.function', 'tf.function, jit'] as const;
export type Engine = (typeof engines)[number];

export const isPeer = (engine: Engine): boolean => engine.startsWith('tf.function');

const worker = fileURLToPath(new URL('../speed/worker.mjs', import.meta.url));

/** A process with one thread. */
export function programOf(engine: Engine, { model, batchSize }: Case): Program {
  const setup = { model: model.spec, shape: model.shape, batchSize, threads: 1 };
  if (!isPeer(engine)) {
    const own = { ...setup, backend: 'tensorflow', mode: engine };
    return { name: engine, command: process.execPath, args: [worker, JSON.stringify(own)] };
  }
  const theirs = { ...setup, jit: engine === 'tf.function, jit' };
  return {
    name: engine,
    command: requirePython('tensorflow'),
    args: [peer('tensorflow_steps.py'), JSON.stringify(theirs)],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  };
}

/** Starts it. @throws Error with its last words where it does not start */
export const startContender = (engine: Engine, one: Case) => startProcess(programOf(engine, one));
