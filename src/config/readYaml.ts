/** From bytes on disk to a tree, with all problems of a file but those of its settings. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseAllDocuments, type Document } from 'yaml';
import { bundledConfigs } from './bundled.js';
import { sentenceFor } from '../files/problem.js';
import { ConfigError, type Problem } from './errors.js';
import { invisibleIn, invisibleProblem } from './invisible.js';
import { tooDeepAt } from './nesting.js';
import { lexemes } from './lexemes.js';
import { encodingOf } from './encoding.js';
import type { Place, Source } from './source.js';
import { nearest } from './suggest.js';
import { scalarTree, toTree, type Tree } from './tree.js';

const MAX_BYTES = 1 << 20;
/** One mistake often leads to more syntax errors, so only the first ones are listed. */
const MAX_SYNTAX_ERRORS = 5;

/** What stands in the place of a file that cannot be read: who asked for it, if a file did. */
export interface AskedFor {
  readonly file: string;
  readonly place?: Place;
}

/**
 * The text of a configuration file.
 * @throws ConfigError if it does not exist, is not a regular file, is over 1 MiB, or is not UTF-8.
 */
export function readText(path: string, asked: AskedFor = { file: path }): string {
  const refuse = (message: string, hint?: string): never => {
    throw new ConfigError([{ ...asked, message, hint }]);
  };
  const named = asked.place === undefined ? '' : `${path}: `;
  let bytes: Buffer;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return refuse(`${named}not a file`, 'name a YAML file');
    if (stat.size > MAX_BYTES) return refuse(`${named}${stat.size} bytes; a configuration has at most 1 MiB`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const near = neighbour(path) ?? (asked.place === undefined ? bundledNear(path) : undefined);
    return refuse(`${named}${reason(path, error)}`, near === undefined ? undefined : `did you mean ${near}?`);
  }
  const other = encodingOf(bytes);
  if (other !== undefined) return refuse(`${named}this is ${other.name}, not UTF-8 text`, other.hint);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse(`${named}line ${badLine(bytes)} is not UTF-8 text`, 'save the file as UTF-8');
  }
}

function reason(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES') return 'no permission to read it';
  return sentenceFor(path, error) ?? (error instanceof Error ? error.message : String(error));
}

function neighbour(path: string): string | undefined {
  try {
    const yaml = readdirSync(dirname(path)).filter((name) => /\.ya?ml$/.test(name));
    const near = nearest(basename(path), yaml) ?? yaml.find((name) => name === `${basename(path)}.yaml`);
    return near === undefined ? undefined : join(dirname(path), near);
  } catch {
    return undefined;
  }
}

/** A configuration of the package with a similar name: in a fresh folder nothing else can be meant. */
function bundledNear(path: string): string | undefined {
  const names = bundledConfigs().map(({ name }) => name);
  return nearest(path.replace(/^(\.\/)?configs\//, '').replace(/\.ya?ml$/, ''), names);
}

/** 1-based number of the first line that is not UTF-8; no UTF-8 sequence crosses a newline. */
function badLine(bytes: Buffer): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}

/**
 * Parses a source as one YAML 1.2 document. What is wrong is added to `problems`; `null` where the syntax is so
 * broken that looking further would only produce false complaints.
 */
export function parseTree(source: Source, problems: Problem[], text = source.text, offset = 0): Tree | null {
  const at = (start: number, end: number): Place => ({ source, start: start + offset, end: end + offset });
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    problems.push({ place: at(deep, deep + 1), message: 'nested too deeply' });
    return null;
  }
  const documents = [...parseAllDocuments(text, PARSE_OPTIONS)] as Document.Parsed[];
  const [document, second] = documents;
  if (document === undefined) return scalarTree(null, at(0, 0));
  const syntax = documents.flatMap((d) => d.errors);
  if (syntax.length > 0) problems.push(...invisibleInWords(text, at));
  for (const { message, pos } of syntax.slice(0, MAX_SYNTAX_ERRORS))
    problems.push({ place: at(...pos), message: `YAML: ${message}` });
  if (syntax.length > 0) return null;
  if (second !== undefined) {
    const place = at(second.range[0], second.range[0] + 1);
    problems.push({ place, message: 'a configuration is one YAML document; here a second begins' });
  }
  for (const { code, message, pos } of document.warnings) {
    if (code !== 'TAG_RESOLVE_FAILED') problems.push({ place: at(...pos), message: `YAML: ${message}` });
  }
  return toTree(source, document.contents, problems, offset);
}

/** Invisible characters in words without quotes, which are what most often breaks a syntax that looks right. */
function invisibleInWords(text: string, at: (start: number, end: number) => Place): Problem[] {
  const words = [...lexemes(text)].filter(({ isPlain }) => isPlain);
  const unseen = words.flatMap(({ offset, text: word }) =>
    invisibleIn(word).map(({ name, start, end }) => invisibleProblem(name, at(offset + start, offset + end))),
  );
  return unseen.slice(0, MAX_SYNTAX_ERRORS);
}

/** Duplicate keys are found by toTree, which names the first one; aliases are expanded and counted there too. */
const PARSE_OPTIONS = {
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;
