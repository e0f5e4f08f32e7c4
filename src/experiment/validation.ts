/** Training images that are held back: the best cell is chosen by its error on them, and reported by its test error. */

/** How many of `n` training images are held back; `validation` is a share of them, below 1, or their number. */
export const heldBack = (n: number, validation = 0): number =>
  validation < 1 ? Math.round(validation * n) : validation;
