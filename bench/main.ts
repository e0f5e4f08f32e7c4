/**
 * How fast this program is: `onednn`, `wasm` and `cpu` beside PyTorch, its kernels, its steps on TensorFlow, its start.
 *
 *   npm run bench -- --setup              makes a virtual environment with PyTorch (`--setup tensorflow`: TensorFlow)
 *   npm run bench                         training steps and a sweep beside PyTorch; prints, and writes results/bench
 *   npm run bench -- --kernels            share of the multiply-add peak of each native kernel
 *   npm run bench -- --tensorflow         steps on the backend `tensorflow` beside tf.function in Python
 *   npm run bench -- --start              time and memory of commands that train nothing
 *   npm run bench -- --scale              10^3 to 10^5 cells; `--million` adds 10^6
 *   npm run bench -- --readme             measures nothing: puts the published ratios into README
 *   npm run bench -- --quick              one short round of everything, printed only: does the benchmark work?
 *
 * `--only mlp,cnn`, `--no-sweep` and `--out DIR` narrow it. docs/benchmarks.md says what is measured and how to read it.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchKernels } from './kernels/run.js';
import { OptionError, parseOptions, type Options, type Part } from './options.js';
import { setUpPeer } from './peers/setup.js';
import { benchScale } from './scale/run.js';
import { machineKind } from './speed/machine.js';
import { readPublished } from './speed/published.js';
import { rewriteReadme } from './speed/readme.js';
import { benchSpeed } from './speed/run.js';
import { benchStart } from './start/run.js';
import { benchTensorflow } from './tensorflow/run.js';

type Measure = Extract<Options, { readonly do: 'measure' }>;

const inRepository = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const resultsFolder = inRepository('results/bench');

const benchmarks: Record<Part, (options: Measure, out: string | undefined) => Promise<void>> = {
  speed: (options, out) => benchSpeed({ ...options, out }),
  kernels: (options, out) => benchKernels({ ...options, out }),
  tensorflow: (options, out) => benchTensorflow({ ...options, out }),
  start: (options, out) => benchStart({ ...options, out }),
  scale: (options, out) => benchScale({ ...options, out }),
};

async function measure(options: Measure): Promise<void> {
  const published = options.whole ? join(resultsFolder, machineKind()) : undefined;
  for (const part of options.parts) {
    if (options.parts.length > 1) console.log(`\n== ${part} ==`);
    await benchmarks[part](options, options.out ?? published);
  }
}

async function run(options: Options): Promise<void> {
  if (options.do === 'setup') for (const peer of options.peers) setUpPeer(peer, options.python);
  else if (options.do === 'readme')
    await rewriteReadme(inRepository('README.md'), await readPublished(resultsFolder));
  else await measure(options);
}

try {
  await run(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
