/** Whether float32 can hold a number: it rounds neither to zero nor to infinity. */
export const fitsFloat32 = (value: number): boolean =>
  value === 0 || (Math.fround(value) !== 0 && Number.isFinite(Math.fround(value)));
