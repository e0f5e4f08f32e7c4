/**
 * Orderly stops. The first Ctrl-C, SIGTERM or SIGHUP, or the end of the time budget, asks the command to stop; a
 * second Ctrl-C or SIGTERM stops it at once. Without a terminal SIGHUP does nothing: `nohup` and schedulers rely on
 * that.
 */

/** Whether this process writes to a terminal, which somebody could close. */
export const hasTerminal = (
  streams: readonly { readonly isTTY?: boolean }[] = [process.stdout, process.stderr],
): boolean => streams.some(({ isTTY }) => isTTY === true);

/**
 * Keeps SIGHUP from ending a process without a terminal. `nohup` sets the signal to be ignored, but Node resets every
 * signal to its default when it starts.
 */
export function surviveHangUp(): void {
  if (!hasTerminal()) process.on('SIGHUP', () => undefined);
}

/**
 * A signal that aborts on a first SIGINT or SIGTERM, on SIGHUP where there is a terminal, or after `budget` seconds
 * (0: never). `doing` says on standard error what the command does then, e.g. "keeping checkpoints, then stopping".
 * @param clear called before that is printed: takes progress bars off the terminal
 */
export function stopSignal(
  budget: number,
  doing: string,
  clear?: () => void,
): {
  readonly signal: AbortSignal;
  /** Takes the handlers away. */
  release(): void;
} {
  const controller = new AbortController();
  let asked = false;
  const onSignal = (name: NodeJS.Signals) => {
    // A terminal that closes sends SIGHUP twice, from its shell and from the system.
    if (asked && name === 'SIGHUP') return;
    if (asked) process.exit(130);
    asked = true;
    clear?.();
    process.stderr.write(`\n${name}: ${doing}. The same signal again stops at once.\n`);
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', ...(hasTerminal() ? (['SIGHUP'] as const) : [])] as const;
  for (const name of signals) process.on(name, onSignal);
  // A delay longer than Node's timers take would fire at once.
  const delay = Math.min(budget * 1000, 2 ** 31 - 1);
  const timer = budget > 0 ? setTimeout(() => controller.abort(), delay) : undefined;
  timer?.unref();
  return {
    signal: controller.signal,
    release() {
      for (const name of signals) process.off(name, onSignal);
      clearTimeout(timer);
    },
  };
}
