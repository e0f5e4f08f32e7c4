/** Stopping in good order: the first Ctrl-C, SIGTERM or SIGHUP, or the end of the time budget, asks; the next insists. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A signal that aborts on a first SIGINT, SIGTERM or SIGHUP or after `budget` seconds (0: never). `doing` says on
 * standard error what the command does then, e.g. "keeping checkpoints, then stopping".
 */
export function stopSignal(
  budget: number,
  doing: string,
): {
  readonly signal: AbortSignal;
  /** Takes the handlers away. */
  release(): void;
} {
  const controller = new AbortController();
  let asked = false;
  const onSignal = (name: NodeJS.Signals) => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write(`\n${name}: ${doing}. Once more to stop at once.\n`);
    controller.abort();
  };
  for (const name of signals) process.on(name, onSignal);
  // A longer delay than Node's timers take would fire at once.
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
