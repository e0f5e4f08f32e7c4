/** The orchestrator's side of a process that works on command: JSON lines there and back. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What to start, and the name that errors give it. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A line of the other side; each command has its own fields, which its caller knows. */
export interface Answer {
  readonly version?: string;
  /** Instruction set. */
  readonly isa?: string;
  readonly blas?: string;
  /** Version of the oneDNN that the engine brings. */
  readonly onednn?: string;
  readonly error?: string;
  readonly step?: number;
  readonly images?: number;
  readonly seconds?: number;
  readonly native?: number;
  readonly collection?: number;
  readonly peakMemory?: number;
}

export interface Stepper {
  /** Sends a command; its answer. @throws Error with the process's last words where it fails */
  ask<A = Answer>(message: object): Promise<A>;
  tell(message: object): void;
  end(): Promise<void>;
  kill(): void;
}

/** Processes that have started and not ended. */
const living = new Set<ChildProcess>();
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** Resolves when a process has ended, or could not be started. `lastWords` are kept up to date. */
function watch(child: ChildProcess): { ended: Promise<void>; lastWords: () => string } {
  let words = '';
  child.stderr!.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-1000)));
  child.stdin!.on('error', () => undefined);
  // One that could not be started has no pid, and there is nothing to kill.
  if (child.pid !== undefined) living.add(child);
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      words = error.message;
      resolve();
    });
    child.on('close', () => resolve());
  }).then(() => void living.delete(child));
  return { ended, lastWords: () => words.trim() || 'it said nothing' };
}

/**
 * Starts a process, and waits until it has said hello.
 * @throws Error with its last words where it does not
 */
export async function startProcess({
  name,
  command,
  args,
  env = process.env,
}: Program): Promise<{ stepper: Stepper; hello: Answer }> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { ended, lastWords } = watch(child);
  const kill = () => void (living.has(child) && child.kill('SIGKILL'));
  const answer = async <A>(): Promise<A> => {
    for (;;) {
      const { done, value } = await lines.next();
      if (done) {
        await ended;
        throw new Error(`A ${name} process ended: ${lastWords()}`);
      }
      // Libraries may greet on stdout.
      if (!value.startsWith('{')) continue;
      const message = JSON.parse(value) as Answer;
      if (message.error !== undefined) throw new Error(`A ${name} process failed: ${message.error}`);
      return message as A;
    }
  };
  const tell = (message: object) => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const hello = await answer<Answer>();
  const stepper: Stepper = {
    tell,
    ask(message) {
      tell(message);
      return answer();
    },
    kill,
    async end() {
      child.stdin.end();
      // One that is in the middle of a step of minutes is not waited for.
      const late = setTimeout(kill, 5000);
      await ended;
      clearTimeout(late);
    },
  };
  return { stepper, hello };
}
