/**
 * How many examples each split of a data set has. Apart from the schemas, which load a library that a worker has no use for.
 */

/** How many of `n` training images are held back; `validation` is a share of them, below 1, or their number. */
export const heldBack = (n: number, validation = 0): number =>
  validation < 1 ? Math.round(validation * n) : validation;

interface EquationSettings {
  readonly op: 'add' | 'divide';
  readonly p: number;
  readonly share: number;
  readonly validation?: number | undefined;
}

/** How many equations there are, and how many of them each split has. Validation is taken from the training share. */
export function modularSizes({ op, p, share, validation }: EquationSettings) {
  const all = op === 'add' ? p * p : p * (p - 1);
  const chosen = Math.round(share * all);
  const held = heldBack(chosen, validation);
  return { all, validation: held, train: chosen - held, test: all - chosen };
}

/** How a text of so many characters is cut, in windows. */
export interface TextSizes {
  /** From the first character on. */
  readonly train: number;
  /** Behind all training windows, also those that `train` leaves out. */
  readonly validation: number;
  readonly test: number;
  /** Training windows there are, before any are left out. */
  readonly available: number;
  /** Characters before the test set. */
  readonly before: number;
}

interface WindowSettings {
  readonly length: number;
  readonly test: number;
  readonly train?: number | undefined;
  readonly validation?: number | undefined;
}

/** Windows do not overlap; each needs one character more, the last answer. */
export function textSizes(
  { length, test, train, validation }: WindowSettings,
  characters: number,
): TextSizes {
  const before = characters - Math.round(test * characters);
  const windows = (count: number) => Math.max(0, Math.floor((count - 1) / length));
  const all = windows(before);
  const held = Math.min(all, heldBack(all, validation));
  const available = all - held;
  return {
    train: Math.min(train ?? available, available),
    validation: held,
    test: windows(characters - before),
    available,
    before,
  };
}

/** How many images each split has before `train` is taken of it. Where they have no test set, one is cut off first. */
export function ownSizes(
  { validation }: { readonly validation?: number | undefined },
  content: { readonly train: number; readonly validation: number },
): { train: number; validation: number } {
  const held = heldBack(content.train, validation);
  return { train: content.train - held, validation: content.validation + held };
}

/** How many test images there are after a number of them has been chosen. */
export const testSize = (
  { test }: { readonly test?: number | undefined },
  content: { readonly test: number },
): number => (test !== undefined && test >= 1 ? test : content.test);
