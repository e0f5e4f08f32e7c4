/** All libraries, and the way from a name to an optimizer. */
import { nearest } from '../../config/suggest.js';
import { ConvertError } from '../errors.js';
import { apex } from './apex.js';
import { keras } from './keras.js';
import type { Library } from './library.js';
import { optax } from './optax.js';
import { normalized, paper, timescale } from './paper.js';
import { pytorch } from './pytorch.js';
import { tfa } from './tfa.js';
import { timm } from './timm.js';

export type { Library, LibraryOptimizer, Param, Values } from './library.js';

export const LIBRARIES: readonly Library[] = [
  pytorch,
  keras,
  optax,
  timm,
  tfa,
  apex,
  paper,
  normalized,
  timescale,
];

const ALIASES: Readonly<Record<string, string>> = {
  torch: 'pytorch',
  keras3: 'keras',
  'tensorflow-addons': 'tfa',
  nvidia: 'apex',
  appendix: 'normalized',
};

/** A library, and the name of an optimizer where one is given. */
export interface Named {
  readonly library: Library;
  readonly optimizer: string | undefined;
}

/**
 * Reads `pytorch`, or `pytorch.NAdam`. Case does not matter.
 * @throws ConvertError for a library or an optimizer that is not known
 */
export function named(text: string): Named {
  const dot = text.indexOf('.');
  const name = (dot < 0 ? text : text.slice(0, dot)).toLowerCase();
  const library = LIBRARIES.find((one) => one.name === (ALIASES[name] ?? name));
  if (!library) {
    const names = LIBRARIES.map((one) => one.name);
    throw new ConvertError(
      `There is no library ${name} here.`,
      'convert-library',
      suggestion(name, names) ?? `Choose among ${names.join(', ')}.`,
    );
  }
  if (dot < 0) return { library, optimizer: undefined };
  return { library, optimizer: optimizerIn(library, text.slice(dot + 1)) };
}

function optimizerIn(library: Library, text: string): string {
  const names = [...new Set(library.optimizers.map((one) => one.name))];
  const found = names.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new ConvertError(
    `${library.title} has no optimizer ${text} that this command knows.`,
    'convert-optimizer',
    suggestion(text, names) ?? `It knows ${names.join(', ')}.`,
  );
}

export function suggestion(word: string, candidates: readonly string[]): string | undefined {
  const near = nearest(word, candidates);
  return near === undefined ? undefined : `Did you mean ${near}?`;
}
