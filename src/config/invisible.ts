/** Characters that look like a space or like nothing, and that YAML takes for part of a word. */

import type { Problem } from './errors.js';
import type { Place } from './source.js';

/** White space other than a plain space, tab and line break; format and control characters. */
const INVISIBLE = /[\p{Zs}\p{Zl}\p{Zp}\p{Cf}\p{Cc}]/gu;
const ORDINARY: ReadonlySet<string> = new Set([' ', '\t', '\n', '\r']);

/** Names of characters that often come with copied text; others show only their number. */
const NAMES: Readonly<Record<string, string>> = {
  '\u0085': 'next line',
  '\u00a0': 'no-break space',
  '\u00ad': 'soft hyphen',
  '\u2007': 'figure space',
  '\u2009': 'thin space',
  '\u200b': 'zero-width space',
  '\u200c': 'zero-width non-joiner',
  '\u200d': 'zero-width joiner',
  '\u200e': 'left-to-right mark',
  '\u200f': 'right-to-left mark',
  '\u2028': 'line separator',
  '\u2029': 'paragraph separator',
  '\u202f': 'narrow no-break space',
  '\u2060': 'word joiner',
  '\u3000': 'ideographic space',
  '\ufeff': 'byte order mark',
};

export interface Invisible {
  /** UTF-16 offsets in the text, `end` excluded. */
  readonly start: number;
  readonly end: number;
  /** e.g. "U+00A0 no-break space" */
  readonly name: string;
}

/** Every such character of a text, in order. */
export function invisibleIn(text: string): Invisible[] {
  return [...text.matchAll(INVISIBLE)]
    .filter(([character]) => !ORDINARY.has(character))
    .map(({ 0: character, index }) => ({
      start: index,
      end: index + character.length,
      name: nameOf(character),
    }));
}

/** The first such character of a stretch of text, as a problem. */
export function firstInvisible(place: Place): Problem | undefined {
  const [first] = invisibleIn(place.source.text.slice(place.start, place.end));
  if (first === undefined) return undefined;
  const { name, start, end } = first;
  return invisibleProblem(name, { ...place, start: place.start + start, end: place.start + end });
}

export const invisibleProblem = (name: string, place: Place): Problem => ({
  place,
  message: `here is ${name}, which looks like a space or like nothing`,
  hint: 'delete it, or type a plain space',
});

function nameOf(character: string): string {
  const number = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `U+${number} ${NAMES[character] ?? 'invisible character'}`;
}
