/** zod's issues, told with their place in the text, what was expected, what was found and what was likely meant. */
import type { z } from 'zod';
import type { Problem } from './errors.js';
import { choices, expectation, keysOf, pathsOfKey, schemasAt } from './expectation.js';
import { settingsSchema } from './jsonSchema.js';
import type { Place } from './source.js';
import { nearest } from './suggest.js';
import { toPlain, type Entry, type MapTree, type Tree } from './tree.js';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** One problem per thing that is wrong in the tree that the issues are about. */
export function explain(issues: readonly Issue[], root: MapTree): Problem[] {
  const data = toPlain(root);
  return issues.flatMap((issue) => flatten(issue, [])).map((flat) => explainOne(flat, root, data));
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
  const found = find(root, path);
  const name = `\`${path.map(String).join('.')}\``;
  if (flat.kind === 'unknown') return explainUnknownKey(path, keyPlace(root, path), data);
  const schemas = schemasAt(settingsSchema, path, data);
  if (found.tree === undefined) {
    return { place: found.place, message: `${name} is missing: expected ${expectation(schemas)}` };
  }
  if (flat.kind === 'rule') {
    const composite = found.tree.kind !== 'scalar' || path.length === 0;
    const message = composite ? flat.message : `${name} is ${words(found.tree)}: it ${flat.message}`;
    return { place: found.place, message, hint: flat.hint };
  }
  const message = `${name} is ${words(found.tree)}: expected ${expectation(schemas)}`;
  return { place: found.place, message, hint: valueHint(found.tree, choices(schemas), expectation(schemas)) };
}

function explainUnknownKey(path: Path, place: Place, data: unknown): Problem {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const keys = keysOf(schemasAt(settingsSchema, parent, data));
  const inside = parent.length === 0 ? '' : ` in \`${parent.map(String).join('.')}\``;
  const near = nearest(key, keys);
  const hint =
    near !== undefined ? `did you mean \`${near}\`?` : `${elsewhere(path, key)}keys here: ${keys.join(', ')}`;
  return { place, message: `unknown key \`${key}\`${inside}`, hint };
}

/** Where the key would be right: under another parent, or in another variant of this one. */
function elsewhere(path: Path, key: string): string {
  const paths = pathsOfKey(settingsSchema, key);
  const own = path.map((segment) => (typeof segment === 'number' ? '0' : String(segment))).join('.');
  if (paths.includes(own)) return 'it belongs to another `name`; ';
  return paths[0] === undefined ? '' : `it belongs at \`${paths[0]}\`; `;
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
    const number = Number(value.replaceAll('_', ''));
    const wantsNumber = /^a (whole )?number/.test(expected);
    if (wantsNumber && value.trim() !== '' && Number.isFinite(number)) return `write it as ${number}`;
  }
  const wantsList = expected.startsWith('a non-empty list of');
  return typeof value === 'number' && wantsList ? `a single value is a list of one: [${value}]` : undefined;
}

/** The tree at a path and the best place to point at; `tree` is undefined where the path ends early. */
function find(root: MapTree, path: Path): { tree: Tree | undefined; place: Place } {
  let tree: Tree = root;
  let place = firstCharacter(root.place);
  for (const segment of path) {
    const entry: Entry | undefined = tree.kind === 'map' ? tree.entries.get(String(segment)) : undefined;
    const item: Tree | undefined = tree.kind === 'list' ? tree.items[Number(segment)] : undefined;
    const next: Tree | undefined = entry?.value ?? item;
    if (next === undefined) return { tree: undefined, place };
    const isEmpty = next.place.start === next.place.end;
    // A key is the best place for a value of many lines, or of no characters (`epochs:` and nothing more).
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
  const text = typeof value === 'string' ? value : String(value);
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return typeof value === 'string' ? JSON.stringify(short) : short;
}
