/** Who computes: an engine in some processes of some threads, and PyTorch's variants. */
import { fileURLToPath } from 'node:url';
import { peer, requirePython } from '../peers/python.js';
import { batchSize, type BenchModel } from './models.js';
import { startProcess, type Program } from './process.js';

/** How PyTorch lays out its tensors, which AdamW it takes, and whether forward and backward are compiled. */
export interface Variant {
  readonly layout: 'nchw' | 'channels-last';
  readonly optimizer: 'foreach' | 'fused';
  readonly compiled: boolean;
}

/** What PyTorch does when it is told nothing. */
export const plainVariant: Variant = { layout: 'nchw', optimizer: 'foreach', compiled: false };

export interface Team {
  readonly engine: 'onednn' | 'wasm' | 'cpu' | 'pytorch';
  readonly processes: number;
  readonly threads: number;
}

const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/** The environment of a PyTorch process: its libraries keep to `threads`, and it looks for no GPU. */
export const pytorchEnvironment = (threads: number): NodeJS.ProcessEnv => ({
  ...process.env,
  OMP_NUM_THREADS: String(threads),
  MKL_NUM_THREADS: String(threads),
  CUDA_VISIBLE_DEVICES: '',
  // The compiler works in the process itself: its helpers would stay, and wait beside what is measured.
  TORCHINDUCTOR_COMPILE_THREADS: '1',
});

function programOf({ engine, threads }: Team, { spec, shape }: BenchModel, instrument: boolean): Program {
  const setup = JSON.stringify({ backend: engine, threads, model: spec, shape, batchSize, instrument });
  return engine === 'pytorch'
    ? {
        name: engine,
        command: requirePython('pytorch'),
        args: [peer('steps.py'), setup],
        env: pytorchEnvironment(threads),
      }
    : { name: engine, command: process.execPath, args: [worker, setup] };
}

/**
 * Starts one process of a team for a network. `instrument`: it also counts the time in native code.
 * @throws Error where it does not start
 */
export const startStepper = (team: Team, model: BenchModel, instrument = false) =>
  startProcess(programOf(team, model, instrument));
