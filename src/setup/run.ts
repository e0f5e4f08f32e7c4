/** Runs a program and keeps what it says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SetupError, type SetupCode } from './errors.js';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The code of the error where it fails, and what the user can do then. */
  readonly code?: SetupCode;
  readonly remedy?: string;
}

/** Programs that run on our behalf: they end with us. */
const running = new Set<ReturnType<typeof spawn>>();
process.on('exit', () => running.forEach((child) => child.kill()));

/**
 * @returns what it wrote to standard output
 * @throws SetupError with the last line that it wrote to standard error
 */
export async function run(
  program: string,
  args: readonly string[],
  { env = {}, cwd, code = 'setup-download', remedy = 'Run the same command again.' }: RunOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  running.add(child);
  let [said, complained] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complained = (complained + chunk.toString()).slice(-20_000)));
  try {
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (status === 0) return said;
    const how = signal === null ? `ended with status ${String(status)}` : `was ended by ${signal}`;
    throw new SetupError(`${program} ${how}${tellingLine(complained)}.`, code, remedy);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(`${program} did not start: ${(error as Error).message}.`, code, remedy, error);
  } finally {
    running.delete(child);
  }
}

/** The first line with the word error, as compilers and pip print it, else the last line. */
function tellingLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const telling = lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1);
  return telling === undefined ? '' : ` (${telling.replace(/\.$/, '').slice(0, 300)})`;
}
