/** Sentences within sentences. */

/** A sentence without its full stop. */
export const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '');
