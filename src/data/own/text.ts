/** A text file as windows of characters, for the prediction of each next one. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { AnyDataset } from '../../experiment/specs.js';
import { textSizes } from '../../experiment/splits.js';
import type { TextContent, TextSpec } from '../../experiment/text.js';
import { explainingFiles } from '../../files/problem.js';
import { resolveDataDir } from '../dataDir.js';
import type { Dataset, Split } from '../dataset.js';
import { DataError } from '../errors.js';
import { fingerprint } from '../fingerprint.js';
import { locateOwn, requireSameContent } from './content.js';
import type { OwnOptions } from './images.js';
import { textShape } from './textShape.js';

/** Tokens are bytes. */
const MOST_CHARACTERS = 256;
/** The file is in memory as a whole. */
const MOST_BYTES = 2 ** 28;

/** How a text is cut. */
type Cut = Pick<TextSpec, 'length' | 'test' | 'train' | 'validation'>;

/** A text's characters as numbers. */
export interface Characters {
  /** The different ones, Unicode code points, ascending: a character's token is its place here. */
  readonly alphabet: readonly number[];
  /** The text, a token for each character. */
  readonly tokens: Uint8Array;
}

const refusal = (file: string, what: string, remedy: string) =>
  new DataError(`${file} ${what}.`, { code: 'data-text', remedy });

/**
 * Reads a text file.
 * @returns its characters, and the sha256 (hex) of its bytes
 * @throws DataError that names the file if it is no file, larger than 256 MiB, empty, not UTF-8, or of one character
 *   only or of more than 256
 * @throws FileError if the system refuses to read it
 */
export async function readText(file: string): Promise<Characters & { readonly sha256: string }> {
  const remedy = 'Correct dataset.path: it names a text file.';
  const bytes = await explainingFiles(
    file,
    async () => {
      const found = await stat(file);
      if (found.isDirectory()) throw refusal(file, 'is a folder', remedy);
      if (found.size > MOST_BYTES)
        throw refusal(file, `has ${found.size} bytes, more than the ${MOST_BYTES} that are read`, 'Cut it.');
      return readFile(file);
    },
    { remedy },
  );
  if (bytes.length === 0) throw refusal(file, 'is empty', remedy);
  return {
    ...numbered(file, decoded(file, bytes)),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

function decoded(file: string, bytes: Buffer): string {
  try {
    // A byte order mark is no character of the text, and is left out.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw hasUtf16Mark(bytes)
      ? refusal(file, 'is UTF-16 text, not UTF-8', `Convert it: iconv -f UTF-16 -t UTF-8 ${file} > utf8.txt`)
      : refusal(file, 'is not UTF-8 text', 'Save it as UTF-8.');
  }
}

/** Whether a byte order mark of UTF-16, either order, is at the beginning: Windows calls such files Unicode. */
const hasUtf16Mark = (bytes: Buffer): boolean =>
  bytes.length >= 2 && [0xfffe, 0xfeff].includes(bytes.readUInt16BE(0));

/** The text's different characters, and all of them as numbers. */
function numbered(file: string, text: string): Characters {
  const token = new Int32Array(0x11_0000).fill(-1);
  let length = 0;
  for (let at = 0; at < text.length; length++) {
    const point = text.codePointAt(at)!;
    token[point] = 0;
    at += point > 0xffff ? 2 : 1;
  }
  const alphabet: number[] = [];
  token.forEach((seen, point) => {
    if (seen === 0) token[point] = alphabet.push(point) - 1;
  });
  const n = alphabet.length;
  if (n < 2)
    throw refusal(file, 'has no two different characters', 'Nothing is to be predicted: take another text.');
  if (n > MOST_CHARACTERS)
    throw refusal(
      file,
      `has ${n} different characters, more than the ${MOST_CHARACTERS} that fit into a byte`,
      'Replace the rare ones.',
    );
  const tokens = new Uint8Array(length);
  for (let at = 0, i = 0; at < text.length; i++) {
    const point = text.codePointAt(at)!;
    tokens[i] = token[point]!;
    at += point > 0xffff ? 2 : 1;
  }
  return { alphabet, tokens };
}

/**
 * The splits: windows of `length` characters side by side, each with the character behind each of its own as the
 * answers. Training windows begin the file, those held back follow, and the test windows end it; no character is
 * predicted in two splits. They share the memory of `tokens`.
 * @param file names the text in messages
 * @throws DataError if the text is too short for a window in each split, or for the training windows asked for
 */
export function textSplits(
  spec: Cut,
  tokens: Uint8Array,
  file: string,
): Record<'train' | 'validation' | 'test', Split> {
  const { length, train, validation } = spec;
  const sizes = textSizes(spec, tokens.length);
  const short = (what: string) =>
    refusal(
      file,
      `has ${tokens.length} characters, too few for ${what} of ${length}`,
      'Take a longer text, or a smaller dataset.length.',
    );
  if (sizes.test === 0) throw short('a test window');
  if (validation !== undefined && sizes.validation === 0) throw short('a window that is held back');
  if (sizes.available < (train ?? 1))
    throw short(train === undefined ? 'a training window' : `${train} training windows`);
  const split = (from: number, n: number): Split => ({
    images: tokens.subarray(from, from + n * length),
    labels: tokens.subarray(from + 1, from + 1 + n * length),
    n,
  });
  return {
    train: split(0, sizes.train),
    validation: split(sizes.available * length, sizes.validation),
    test: split(sizes.before, sizes.test),
  };
}

/**
 * What a text file is, for `dataset.content`.
 * @throws DataError as `readText` and `textSplits`, and if the file is not there
 */
export async function textContent(spec: TextSpec, { dataDir }: OwnOptions): Promise<TextContent> {
  const place = locateOwn(spec.path, resolveDataDir(dataDir));
  const { sha256, tokens, alphabet } = await readText(place);
  textSplits(spec, tokens, place);
  return { sha256, characters: tokens.length, vocabulary: alphabet.length };
}

/**
 * A text as a data set.
 * @throws DataError as `textContent`, and if the file is not the one that the run began with
 */
export async function ownText(
  spec: Extract<AnyDataset, { name: 'text' }>,
  { dataDir, path }: OwnOptions,
): Promise<Dataset> {
  const given = path ?? ('path' in spec ? spec.path : undefined);
  if (given === undefined)
    throw new DataError('Where the text lies is not known. Name its file with --data.', {
      code: 'data-no-path',
    });
  const place = locateOwn(given, resolveDataDir(dataDir));
  const { sha256, tokens, alphabet } = await readText(place);
  requireSameContent(place, sha256, spec.content?.sha256);
  const { train, validation, test } = textSplits(spec, tokens, place);
  const held = spec.validation === undefined ? [] : [validation];
  return {
    name: spec.name,
    ...textShape(spec, alphabet.length),
    train,
    ...(held.length === 0 ? {} : { validation }),
    test,
    fingerprint: fingerprint(train, test, ...held),
    warnings: [],
  };
}
