/** Checks of class numbers, shared by every format. */
import { DataError } from './errors.js';

/**
 * @throws DataError naming `file` and the first offender if a label is not in 0 .. classes-1, or if some class
 * has no image at all, which no real split shows. The message counts classes as the file does, from `first`.
 */
export function checkLabels(labels: ArrayLike<number>, classes: number, file: string, first = 0): void {
  const span = `${first} to ${classes - 1 + first}`;
  const seen = new Uint8Array(classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= classes)
      throw new DataError(
        `${file}: label ${label + first} of image ${i} is out of range, expected ${span}. ` +
          `The file is damaged or another data set's; delete it and fetch it again.`,
        { code: 'data-labels' },
      );
    seen[label] = 1;
  }
  const absent = seen.indexOf(0);
  if (absent >= 0)
    throw new DataError(
      `${file}: no image is labelled ${absent + first}, expected all classes ${span}. ` +
        `The file is damaged or another data set's; delete it and fetch it again.`,
      { code: 'data-labels' },
    );
}
