/** Longest side of an image, pixels. */
export const MAX_SIDE = 4096;
