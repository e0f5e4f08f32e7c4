/** Places in the user's text, so that every problem can show its own. A source is a file or the text of one `--set`. */
import { revealed } from '../experiment/printable.js';

/** A text that configuration was read from. */
export interface Source {
  /** The file's path as the user would write it, or `--set`. */
  readonly name: string;
  readonly kind: 'file' | 'set';
  readonly text: string;
}

/** A stretch of a source: UTF-16 offsets, `end` excluded. */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Line and column, both counted from 1. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

export function lineColumn(text: string, offset: number): LineColumn {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** Most characters of a source line that a message shows. */
const WINDOW = 100;

/**
 * The source line of a place and a line of carets under it, both ready to print: control characters are
 * replaced (a config file must not drive the terminal) and long lines are cut around the caret.
 */
export function excerpt(place: Place): { readonly code: string; readonly carets: string } {
  const { text } = place.source;
  const { column } = lineColumn(text, place.start);
  const lineStart = place.start - (column - 1);
  const newline = text.indexOf('\n', place.start);
  const line = revealed(text.slice(lineStart, newline < 0 ? text.length : newline)).trimEnd();
  const from = column - 1 > WINDOW - 20 ? column - 1 - WINDOW / 2 : 0;
  const shown = line.slice(from, from + WINDOW);
  const indent = (from > 0 ? 1 : 0) + column - 1 - from;
  const length = Math.min(place.end - place.start, shown.length - (column - 1 - from));
  return {
    code: (from > 0 ? '…' : '') + shown + (from + WINDOW < line.length ? '…' : ''),
    carets: ' '.repeat(indent) + '^'.repeat(Math.max(1, length)),
  };
}
