/** What every statistic is, in plain JSON. */

/** A number with a confidence interval. `reason` explains what is null. */
export interface Estimate {
  readonly value: number | null;
  /**
   * Ends of the interval at `Decoupling.level`; both null if it cannot be had (one seed, for instance). One alone is null
   * where nothing bounds that side (of steps, some of which are censored).
   */
  readonly low: number | null;
  readonly high: number | null;
  /** A sentence: why the value or the interval is null. */
  readonly reason?: string;
}
