/** The orchestrator's side of a process that takes steps on command: JSON lines there and back. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { batchSize, type BenchModel } from './models.js';

export const python = process.env.BENCH_PYTHON ?? '/usr/bin/python3';
export const peer = (name: string) => fileURLToPath(new URL(`../peers/${name}`, import.meta.url));
const ownWorker = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/**
 * The environment of a PyTorch process. torch.set_num_threads does not reach OpenBLAS, which would start a thread for
 * every core: two processes would then take the machine from each other in every product, at half their speed.
 */
export const environment = (threads: number): NodeJS.ProcessEnv => ({
  ...process.env,
  OPENBLAS_NUM_THREADS: String(threads),
});

/** How PyTorch is to lay out its tensors and to run AdamW. */
export interface Variant {
  readonly layout: 'nchw' | 'channels-last';
  readonly foreach: boolean;
}

/** Who computes, with how many processes of how many threads. */
export interface Team {
  readonly engine: 'onednn' | 'wasm' | 'cpu' | 'pytorch';
  readonly processes: number;
  readonly threads: number;
}

export interface Answer {
  readonly ready?: true;
  readonly version?: string;
  readonly isa?: string;
  readonly error?: string;
  readonly step?: number;
  readonly images?: number;
  readonly seconds?: number;
  readonly native?: number;
  readonly collection?: number;
  readonly peakMemory?: number;
}

export interface Stepper {
  ask(message: object): Promise<Answer>;
  tell(message: object): void;
  end(): Promise<void>;
  kill(): void;
}

const living = new Set<ChildProcess>();
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts one process of a team for a network, and waits until it is ready.
 * @throws Error with its last words, here and from `ask`, where the process fails
 */
export async function startStepper(
  team: Team,
  model: BenchModel,
  instrument = false,
): Promise<{ stepper: Stepper; hello: Answer }> {
  const setup = JSON.stringify({
    backend: team.engine,
    threads: team.threads,
    model: model.spec,
    shape: model.shape,
    batchSize,
    instrument,
  });
  const [command, script] =
    team.engine === 'pytorch' ? [python, peer('steps.py')] : [process.execPath, ownWorker];
  const child = spawn(command, [script, setup], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(team.threads),
  });
  living.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let lastWords = '';
  child.stderr.on('data', (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-1000)));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      lastWords = error.message;
      resolve();
    });
    child.on('close', () => resolve());
  }).then(() => void living.delete(child));
  const answer = async (): Promise<Answer> => {
    for (;;) {
      const { done, value } = await lines.next();
      if (done) {
        await ended;
        throw new Error(`A ${team.engine} process ended: ${lastWords.trim() || 'it said nothing'}`);
      }
      // Libraries may greet on stdout.
      if (!value.startsWith('{')) continue;
      const message = JSON.parse(value) as Answer;
      if (message.error !== undefined) throw new Error(`A ${team.engine} process failed: ${message.error}`);
      return message;
    }
  };
  const tell = (message: object) => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const hello = await answer();
  const stepper: Stepper = {
    tell,
    ask(message) {
      tell(message);
      return answer();
    },
    kill: () => void child.kill('SIGKILL'),
    async end() {
      child.stdin.end();
      // One that is in the middle of a step of minutes is not waited for.
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    },
  };
  return { stepper, hello };
}
