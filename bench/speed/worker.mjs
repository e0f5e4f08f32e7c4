/**
 * A process that takes training steps when it is told to: `node bench/speed/worker.mjs SETUP`, SETUP being JSON
 * ({backend, threads, model, shape, batchSize, instrument, mode}). It runs the built package, as a user's worker does.
 * Commands and answers are JSON lines on stdin and stdout; bench/peers/serve.py speaks the same:
 *
 *   {"do": "warm", "seconds": s}        -> {"step": seconds of the last step}, after s seconds of steps
 *   {"do": "turn", "at": t, "seconds": s, "fill": bool}
 *                                       -> {"images", "seconds"}; starts at time t (seconds since 1970) and takes
 *                                          steps for s seconds. `fill`: goes on afterwards until {"do": "stop"}, so
 *                                          that a partner that is still counting does not have the machine alone.
 *   {"do": "steps", "n": n}             -> {"peakMemory": bytes}, the most that the process has ever held
 */
import { readFileSync } from 'node:fs';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { useBackend } from '../../dist/backends/index.js';
import { loadAddon } from '../../dist/backends/onednn/addon.js';
import { chooseMode, startTraining } from './training.mjs';

const setup = JSON.parse(process.argv[2]);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Milliseconds inside the addon and in garbage collection, where `instrument` asks for them. */
const spent = { native: 0, collection: 0 };

/** Must come before the kernels are registered. */
function instrument() {
  const addon = loadAddon();
  for (const [name, kernel] of Object.entries(addon)) {
    addon[name] = (...args) => {
      const began = performance.now();
      try {
        return kernel(...args);
      } finally {
        spent.native += performance.now() - began;
      }
    };
  }
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) spent.collection += duration;
  }).observe({ entryTypes: ['gc'] });
}

if (setup.instrument) instrument();
const backend = await useBackend(setup.backend, { threads: setup.threads });
if (setup.mode) chooseMode(setup.mode);
const training = startTraining(setup);
let stopped = false;

/** Seconds of one step. */
async function oneStep() {
  const began = performance.now();
  await training.step();
  return (performance.now() - began) / 1000;
}

/** Long enough for V8 to have compiled what is hot. */
async function warm({ seconds }) {
  let last = await oneStep();
  for (let total = 0; total < seconds;) total += last = await oneStep();
  return { step: last };
}

async function turn({ at, seconds, fill }) {
  stopped = false;
  await sleep(Math.max(0, at * 1000 - Date.now()));
  const before = { ...spent };
  const began = performance.now();
  let steps = 0;
  let elapsed = 0;
  while (steps === 0 || elapsed < seconds) {
    await oneStep();
    steps++;
    elapsed = (performance.now() - began) / 1000;
  }
  await training.settle();
  elapsed = (performance.now() - began) / 1000;
  const native = (spent.native - before.native) / 1000;
  const collection = (spent.collection - before.collection) / 1000;
  say({ images: steps * setup.batchSize, seconds: elapsed, native, collection });
  while (fill && !stopped) await oneStep();
}

async function steps({ n }) {
  for (let i = 0; i < n; i++) await oneStep();
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return { peakMemory: Number(kib) * 1024 };
}

let queue = Promise.resolve();
const answers = { warm, turn, steps };
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.do === 'stop') {
      stopped = true;
      return;
    }
    queue = queue
      .then(() => answers[message.do](message))
      .then((answer) => answer && say(answer))
      .catch((error) => say({ error: error instanceof Error ? error.message : String(error) }));
  })
  .on('close', () => process.exit(0));
const { TensorFlow: library, 'instruction set': isa } = backend.facts ?? {};
say({ ready: true, version: library ?? backend.version, isa });
