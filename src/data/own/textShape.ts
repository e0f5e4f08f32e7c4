/** What a network must be built for, to predict a text. */
import type { TextSpec } from '../../experiment/text.js';
import type { Tokens } from '../dataset.js';

/** What a model reads of a window, and what it answers. */
export const textShape = ({ length }: Pick<TextSpec, 'length'>, vocabulary: number) => ({
  height: 1,
  width: length,
  channels: 1,
  classes: vocabulary,
  tokens: { vocabulary, answers: 'each' } satisfies Tokens,
});
