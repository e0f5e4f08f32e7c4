/** What every data source produces: images as bytes, labels as class numbers. */

/** What is predicted of a sequence of tokens: one answer, by its last position, or one by each. */
export interface Tokens {
  /** Tokens are 0 .. vocabulary-1. */
  readonly vocabulary: number;
  readonly answers: 'last' | 'each';
}

/** Class numbers; 16 bits where there are more than 256 classes. */
export type Labels = Uint8Array | Uint16Array;

/** Images of one split, uint8, row-major [n, height, width, channels], and their labels. */
export interface Split {
  readonly images: Uint8Array;
  /** Class of each image, 0 .. classes-1, length n; of tokens with an answer at each position [n, width]. */
  readonly labels: Labels;
  readonly n: number;
}

export interface Dataset {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
  /** Where the bytes are tokens, one row of them an example, and no pixels; absent: pixels. */
  readonly tokens?: Tokens | undefined;
  /** With label noise. Where each seed has its own training images: all that it may choose from, with clean labels. */
  readonly train: Split;
  /** Training images held back to choose the best cell by, with clean labels. */
  readonly validation?: Split;
  readonly test: Split;
  /** sha256 (hex) over all splits' images and labels: what was trained on, whatever file it came in. */
  readonly fingerprint: string;
  /** Sentences the user should see, e.g. "archive's md5 is not the official one". */
  readonly warnings: readonly string[];
}
