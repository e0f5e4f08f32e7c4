/** What an exclusion names. Apart from its schema, which loads a library that a worker has no use for. */

/** `none`; or a kind of parameter or a pattern of their names; or several of these, in the order of the alphabet. */
export type Exclusion = string | readonly string[];

/** The names and patterns of an exclusion; none for `none`. */
export const excludedNames = (exclusion: Exclusion): readonly string[] =>
  exclusion === 'none' ? [] : typeof exclusion === 'string' ? [exclusion] : exclusion;
