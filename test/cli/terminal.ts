/** The program on a terminal: a pseudo-terminal, held by onTerminal.py. */
import { fileURLToPath } from 'node:url';
import { start, type Running, type StartOptions } from './cli.js';

export interface OnTerminal extends Running {
  /** Presses Ctrl-C: SIGINT to every process in the foreground. */
  pressCtrlC(): void;
  /** Closes the terminal: SIGHUP, and whatever is written fails with EIO. */
  close(): void;
}

/** Starts the program on a terminal; `stdout` has what it writes on it, standard error included. */
export function startOnTerminal(
  args: readonly string[],
  { env = {}, ...options }: StartOptions = {},
): OnTerminal {
  const through = ['python3', fileURLToPath(new URL('./onTerminal.py', import.meta.url))];
  const running = start(args, { ...options, env: { TERM: 'xterm-256color', ...env }, through });
  return {
    ...running,
    pressCtrlC: () => process.kill(running.pid, 'SIGUSR1'),
    close: () => process.kill(running.pid, 'SIGUSR2'),
  };
}

/** Whether a mode of the terminal is on after this output; all of these are on in the beginning. */
function isOn(output: string, mode: 25 | 7): boolean {
  return output.lastIndexOf(`\u001b[?${mode}l`) <= output.lastIndexOf(`\u001b[?${mode}h`);
}

/** The modes in which an output leaves the terminal. */
export const modesAfter = (output: string) => ({ cursor: isOn(output, 25), lineWrap: isOn(output, 7) });

export const asBefore = { cursor: true, lineWrap: true };
