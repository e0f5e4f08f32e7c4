/** Waiting for a machine that others compute on, too: a neighbour's minutes must not decide a round. */

/** A machine is taken for disturbed where its peak is less than this share of the highest seen. */
const undisturbed = 0.9;
/** So many looks, with a pause between two; then the round is taken as it is. */
const looks = 20;

/**
 * The same measurement of the peak, in GFLOP/s, repeated after a pause while it is far below the highest so far. It
 * is taken before anything is timed, so that no result decides which rounds count.
 */
export function whenQuiet(
  measure: (cores: number) => Promise<number>,
  pause: () => Promise<unknown>,
): (cores: number) => Promise<number> {
  let highest = 0;
  return async (cores) => {
    for (let look = 1; ; look++) {
      const peak = await measure(cores);
      highest = Math.max(highest, peak);
      if (peak >= undisturbed * highest || look === looks) return peak;
      await pause();
    }
  };
}
