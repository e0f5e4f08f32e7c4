/** Text from outside (a configuration, Redis, another program's error) made fit to print. */

/**
 * The text with each tab and line break as a space, and each other invisible character (control and format characters,
 * lone surrogates, line separators) as `·`. They could move a terminal's cursor, set its title or reverse its text.
 * The length stays the same, so carets under the text stay in place.
 */
export const printable = (text: string): string =>
  text.replace(/[\t\n\r]/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '·');

/** Like `printable`; also shows spaces other than the ordinary one as `·`. */
export const revealed = (text: string): string => printable(text).replace(/[^\S ]/gu, '·');
