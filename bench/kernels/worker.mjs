/**
 * Notes the native calls of one training step, then repeats each on command: `node bench/kernels/worker.mjs SETUP`,
 * SETUP being JSON ({model, shape, batchSize, threads}). JSON lines:
 *
 *   {"do": "calls"}                         -> {"calls": [{kernel, args, count}]}, one for each kernel and shape
 *   {"do": "time", "call": i, "seconds": s} -> {"seconds": of one call}, the mean of s seconds' worth, one at least
 */
import { createInterface } from 'node:readline';
import { performance } from 'node:perf_hooks';
import { useBackend } from '../../dist/backends/index.js';
import { loadAddon } from '../../dist/backends/onednn/addon.js';
import { startTraining } from '../speed/training.mjs';

const setup = JSON.parse(process.argv[2]);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** By kernel and arguments, the arrays standing for their lengths. */
const calls = new Map();
let noting = false;

/** Small integer arrays are geometries, and decide the work. */
const describe = (arg) => {
  if (!ArrayBuffer.isView(arg)) return arg;
  const isGeometry = arg instanceof Int32Array && arg.length === 15;
  return { bytes: arg.byteLength, ...(isGeometry ? { ints: [...arg] } : {}) };
};

/** Numbers such as step sizes change from step to step; what is an integer is a size. */
const keyOf = (kernel, args) =>
  JSON.stringify([
    kernel,
    ...args.map((arg) => (typeof arg === 'number' && !Number.isInteger(arg) ? 0 : arg)),
  ]);

function note(kernel, work, args) {
  const described = args.map(describe);
  const key = keyOf(kernel, described);
  const known = calls.get(key);
  if (known) known.count++;
  else calls.set(key, { kernel, args: described, count: 1, repeat: () => work(...args) });
}

/** Puts a note-taker around every function; before the backend takes them. */
function watchKernels() {
  const addon = loadAddon();
  for (const [name, work] of Object.entries(addon)) {
    if (['facts', 'setThreads', 'alignment'].includes(name)) continue;
    addon[name] = (...args) => {
      if (noting) note(name, work, args);
      return work(...args);
    };
  }
}

watchKernels();
const backend = await useBackend('onednn', { threads: setup.threads });
const training = startTraining(setup);
noting = true;
await training.step();
noting = false;
const noted = [...calls.values()];

function time({ call, seconds }) {
  const { repeat } = noted[call];
  const began = performance.now();
  let n = 0;
  let elapsed = 0;
  while (n === 0 || elapsed < seconds) {
    repeat();
    n++;
    elapsed = (performance.now() - began) / 1000;
  }
  return { seconds: elapsed / n };
}

const answers = {
  calls: () => ({ calls: noted.map(({ kernel, args, count }) => ({ kernel, args, count })) }),
  time,
};
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    try {
      say(answers[message.do](message));
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    }
  })
  .on('close', () => process.exit(0));
say({ ready: true, version: backend.version, isa: backend.facts?.['instruction set'] });
