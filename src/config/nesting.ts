/**
 * How deep a YAML text nests, found without recursion. The parser recurses; at the end of the stack V8 may abort the
 * process (out of memory in a regular expression) instead of throwing.
 */
import { lexemes } from './lexemes.js';

const MAX_BRACKETS = 100;
/** A block collection is indented more than its parent, so its column bounds its depth. */
const MAX_INDENT = 200;
const CLOSES: Readonly<Record<string, string>> = { ']': '[', '}': '{' };

/** The offset at which a text is nested deeper than any configuration; undefined if it never is. */
export function tooDeepAt(text: string): number | undefined {
  const indented = new RegExp(`^[ \\t?:-]{${MAX_INDENT}}`, 'm').exec(text);
  if (indented !== null) return indented.index;
  const open: string[] = [];
  for (const { text: token, offset } of lexemes(text)) {
    if (token === '[' || token === '{') open.push(token);
    else if (CLOSES[token] !== undefined && open.at(-1) === CLOSES[token]) open.pop();
    if (open.length > MAX_BRACKETS) return offset;
  }
  return undefined;
}
