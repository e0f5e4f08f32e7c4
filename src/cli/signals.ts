/** Stopping in good order: the first Ctrl-C or SIGTERM, or the end of the time budget, asks; the second insists. */

/** A signal that aborts on SIGINT, SIGTERM or after `budget` seconds (0: never); `release` takes the handlers away. */
export function stopSignal(budget: number): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\n${name}: keeping checkpoints, then stopping. Once more to stop at once.\n`);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const timer = budget > 0 ? setTimeout(() => controller.abort(), budget * 1000) : undefined;
  timer?.unref();
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      clearTimeout(timer);
    },
  };
}
