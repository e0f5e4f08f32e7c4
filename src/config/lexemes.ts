/** The words and signs of a YAML text, each with its offset. */
import { Lexer } from 'yaml';

export interface Lexeme {
  readonly text: string;
  readonly offset: number;
  /** A scalar without quotes. */
  readonly isPlain: boolean;
}

const PLAIN_FOLLOWS = '\x1f';
/** Marks that the lexer adds to the text: start of document, error in a flow collection, start of a plain scalar. */
const MARKS: ReadonlySet<string> = new Set(['\x02', '\x18', PLAIN_FOLLOWS]);

/** Lexemes in order, found without recursion. */
export function* lexemes(yaml: string): Generator<Lexeme> {
  let offset = 0;
  let isPlain = false;
  for (const text of new Lexer().lex(yaml)) {
    if (MARKS.has(text)) {
      isPlain = text === PLAIN_FOLLOWS;
      continue;
    }
    yield { text, offset, isPlain };
    offset += text.length;
    isPlain = false;
  }
}
