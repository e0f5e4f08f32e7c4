/** Text from outside (a configuration, Redis, another program's error) made fit to print. */

/**
 * The text with each tab and line break as a space and each other invisible character (control and format characters,
 * lone surrogates, line separators) as `·`: they could move a terminal's cursor, set its title or reverse its text.
 * It keeps its length, so that carets under it stay where they belong.
 */
export const printable = (text: string): string =>
  text.replace(/[\t\n\r]/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '·');

/** Like `printable`, with a `·` for spaces other than the ordinary one as well: a reader must see them. */
export const revealed = (text: string): string => printable(text).replace(/[^\S ]/gu, '·');
