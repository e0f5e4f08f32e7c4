/** Turns zod's issues into problems: with the place, what was expected, what was found and what was probably meant. */
import type { z } from 'zod';
import type { Problem } from './errors.js';
import { choices, expectation, keysAt, pathsOfKey, schemasAt, variantsWith } from './expectation.js';
import { settingsSchema } from './jsonSchema.js';
import { firstInvisible } from './invisible.js';
import { writtenNumber } from './numbers.js';
import type { Place } from './source.js';
import { nearest } from './suggest.js';
import { toPlain, type Entry, type MapTree, type Tree } from './tree.js';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** One problem per mistake in the tree. */
export function explain(issues: readonly Issue[], root: MapTree): Problem[] {
  const data = toPlain(root);
  const flats = issues.flatMap((issue) => flatten(issue, []));
  // A misspelt key is one mistake: the missing key that it was meant to be is not reported as well.
  const meant = new Set(
    flats.flatMap(({ kind, path }) => {
      const near = kind === 'unknown' ? nearKey(path, data) : undefined;
      return near === undefined ? [] : [dotted([...path.slice(0, -1), near])];
    }),
  );
  const isMeant = ({ kind, path }: Flat): boolean =>
    kind === 'value' && find(root, path).tree === undefined && meant.has(dotted(path));
  return flats.filter((flat) => !isMeant(flat)).map((flat) => explainOne(flat, root, data));
}

const dotted = (path: Path): string => path.map(String).join('.');

function nearKey(path: Path, data: unknown): string | undefined {
  return nearest(String(path.at(-1)), keysAt(settingsSchema(), path.slice(0, -1), data));
}

interface Flat {
  readonly path: Path;
  /** unknown: a key; rule: the issue's own words; value: anything else, told from the schema. */
  readonly kind: 'unknown' | 'rule' | 'value';
  readonly message: string;
  readonly hint?: string;
}

function flatten(issue: Issue, prefix: Path): Flat[] {
  const path = [...prefix, ...issue.path];
  const { message } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], kind: 'unknown', message }));
    case 'invalid_union': {
      const branch = issue.errors.find((errors) => !errors.some(isAnotherKind));
      return branch?.flatMap((inner) => flatten(inner, path)) ?? [{ path, kind: 'value', message }];
    }
    case 'custom': {
      const hint: unknown = issue.params?.['hint'];
      return [{ path, kind: 'rule', message, ...(typeof hint === 'string' ? { hint } : {}) }];
    }
    case 'invalid_format':
      return [{ path, kind: 'rule', message }];
    default:
      return [{ path, kind: 'value', message }];
  }
}

/** The branch of a union was not the one meant: the value is not even of its kind. */
function isAnotherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function explainOne(flat: Flat, root: MapTree, data: unknown): Problem {
  const { path } = flat;
  if (flat.kind === 'unknown') return explainUnknownKey(path, keyPlace(root, path), data);
  const { tree, place } = find(root, path);
  const unseen = tree?.kind === 'scalar' ? firstInvisible(place) : undefined;
  if (unseen !== undefined) return unseen;
  const name = `\`${dotted(path)}\``;
  const schemas = schemasAt(settingsSchema(), path, data);
  if (flat.kind === 'rule') {
    const unset = schemas[0]?.default;
    const value = tree === undefined ? `${String(unset)} by default` : words(tree);
    const isScalar = tree === undefined ? unset !== undefined : tree.kind === 'scalar';
    const message = isScalar ? `${name} is ${value}: it ${flat.message}` : `${name} ${flat.message}`;
    return { place, message, hint: flat.hint };
  }
  const expected = expectation(schemas);
  if (tree === undefined) return { place, message: `${name} is missing: expected ${expected}` };
  const message = `${name} is ${words(tree)}: expected ${expected}`;
  return { place, message, hint: valueHint(tree, choices(schemas), expected) };
}

function explainUnknownKey(path: Path, place: Place, data: unknown): Problem {
  const unseen = firstInvisible(place);
  if (unseen !== undefined) return unseen;
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const inside = parent.length === 0 ? '' : ` in \`${dotted(parent)}\``;
  const near = nearKey(path, data);
  const keys = keysAt(settingsSchema(), parent, data).join(', ');
  const hint =
    near !== undefined ? `did you mean \`${near}\`?` : `${elsewhere(path, data)}keys here: ${keys}`;
  return { place, message: `unknown key \`${key}\`${inside}`, hint };
}

/** Where the key would be right: in another variant of its parent, or under another parent. */
function elsewhere(path: Path, data: unknown): string {
  const key = String(path.at(-1));
  const variants = variantsWith(settingsSchema(), path.slice(0, -1), data, key);
  if (variants.length > 0) return `it belongs to ${variants.join(', ')}; `;
  const other = pathsOfKey(settingsSchema(), key)[0];
  return other === undefined ? '' : `it belongs at \`${other}\`; `;
}

function keyPlace(root: MapTree, path: Path): Place {
  const parent = find(root, path.slice(0, -1));
  const entry = parent.tree?.kind === 'map' ? parent.tree.entries.get(String(path.at(-1))) : undefined;
  return entry?.key ?? parent.place;
}

function valueHint(tree: Tree, words: readonly string[], expected: string): string | undefined {
  if (tree.kind !== 'scalar') return undefined;
  const { value } = tree;
  if (typeof value === 'string') {
    const near = nearest(value, words);
    if (near !== undefined) return `did you mean \`${near}\`?`;
  }
  const number = typeof value === 'string' ? writtenNumber(value, expected) : value;
  if (typeof number !== 'number') return undefined;
  if (expected.startsWith('a non-empty list of')) return `a single value is a list of one: [${number}]`;
  return typeof value === 'string' && /^a (whole )?number/.test(expected)
    ? `write it as ${number}`
    : undefined;
}

/** The tree at a path and the best place to point at; `tree` is undefined if the path ends early. */
function find(root: MapTree, path: Path): { tree: Tree | undefined; place: Place } {
  let tree: Tree = root;
  let place = firstCharacter(root.place);
  for (const segment of path) {
    const entry: Entry | undefined = tree.kind === 'map' ? tree.entries.get(String(segment)) : undefined;
    const item: Tree | undefined = tree.kind === 'list' ? tree.items[Number(segment)] : undefined;
    const next: Tree | undefined = entry?.value ?? item;
    if (next === undefined) return { tree: undefined, place };
    const isEmpty = next.place.start === next.place.end;
    // A key is the best place for a value of many lines, or an empty one (`epochs:` alone).
    if (entry !== undefined && (next.block || isEmpty)) place = entry.key;
    else place = next.block || isEmpty ? firstCharacter(next.place) : next.place;
    tree = next;
  }
  const last = path.at(-1);
  return { tree, place: last === undefined ? firstCharacter(root.place) : place };
}

const firstCharacter = (place: Place): Place => ({ ...place, end: place.start + 1 });

/** What was found, short enough for a sentence. */
function words(tree: Tree): string {
  if (tree.kind === 'list') return tree.items.length === 0 ? 'an empty list' : 'a list';
  if (tree.kind === 'map') return tree.entries.size === 0 ? 'an empty map' : 'a map';
  const { value } = tree;
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'number') {
    return Number.isNaN(value) ? 'not a number (.nan)' : Number.isFinite(value) ? String(value) : 'infinite';
  }
  const text = typeof value === 'string' ? value : String(value as boolean | null | undefined);
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return typeof value === 'string' ? JSON.stringify(short) : short;
}
