/** `extends: other.yaml`: a file inherits the settings of another and contains only the differences. */
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { ConfigError, type Problem } from './errors.js';
import { firstInvisible } from './invisible.js';
import { parseTree, readText, type AskedFor } from './readYaml.js';
import type { Source } from './source.js';
import { mapTree, type Entry, type MapTree, type Tree } from './tree.js';

const MAX_CHAIN = 10;

/**
 * Reads a file and those it extends, merged: maps key by key; the extending file replaces lists and scalars. Other
 * problems are added to `problems`.
 * @throws ConfigError if a file cannot be read or is not YAML, or the chain of `extends` is a circle
 */
export function readMerged(path: string, problems: Problem[]): MapTree {
  return readChain(path, [], { file: path }, problems);
}

function readChain(path: string, chain: readonly string[], asked: AskedFor, problems: Problem[]): MapTree {
  const text = readText(path, asked);
  const refuse = (message: string, hint?: string): never => {
    throw new ConfigError([{ ...asked, message, hint }]);
  };
  const seen = chain.map((file) => realpathSync(file));
  const files = [...chain, path];
  if (seen.includes(realpathSync(path))) refuse(`\`extends\` runs in a circle: ${files.join(' -> ')}`);
  if (files.length > MAX_CHAIN) refuse(`\`extends\` is more than ${MAX_CHAIN} files deep`);
  const source: Source = { name: path, kind: 'file', text };
  const root = parseTree(source, problems);
  if (root === null) throw new ConfigError(problems);
  if (root.kind !== 'map') {
    const place = { ...root.place, end: root.place.start + 1 };
    const found =
      root.kind === 'scalar' && root.value === null ? 'the file is empty' : 'found something else';
    const message = `expected settings, one \`key: value\` a line; ${found}`;
    throw new ConfigError([
      ...problems,
      { place, message, hint: 'adamw-bench init writes a file to start from' },
    ]);
  }
  return withBase(root, files, problems);
}

function withBase(root: MapTree, files: readonly string[], problems: Problem[]): MapTree {
  const entry = root.entries.get('extends');
  if (entry === undefined) return root;
  const { value } = entry;
  const own = mapTree(
    new Map([...root.entries].filter(([key]) => key !== 'extends')),
    root.place,
    root.block,
  );
  if (value.kind !== 'scalar' || typeof value.value !== 'string' || value.value === '') {
    problems.push({
      place: value.block ? entry.key : value.place,
      message: '`extends` must be the path of one file',
    });
    return own;
  }
  const unseen = firstInvisible(value.place);
  if (unseen !== undefined) throw new ConfigError([...problems, unseen]);
  const from = files.at(-1)!;
  const path = isAbsolute(value.value) ? value.value : join(dirname(from), value.value);
  return merge(readChain(path, files, { file: from, place: value.place }, problems), own);
}

/**
 * `over` on top of `base`: maps are merged key by key, anything else replaced. A map that names another variant
 * (`model: {name: mlp}` over `model: {name: resnet, depth: 20}`) replaces the base's, whose other keys belong to
 * the variant that is gone.
 */
function merge(base: MapTree, over: MapTree, path: readonly string[] = []): MapTree {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const old = base.entries.get(key)?.value;
    const inner = [...path, key];
    const both = old?.kind === 'map' && entry.value.kind === 'map' && !otherVariant(inner, old, entry.value);
    entries.set(key, both ? { key: entry.key, value: merge(old, entry.value, inner) } : entry);
  }
  return mapTree(entries, over.place, over.block);
}

const VARIANTS: ReadonlySet<string> = new Set(['model', 'train.schedule']);

function otherVariant(path: readonly string[], base: MapTree, over: MapTree): boolean {
  const name = (tree: MapTree): unknown => scalarOf(tree.entries.get('name')?.value);
  return VARIANTS.has(path.join('.')) && name(over) !== undefined && name(over) !== name(base);
}

function scalarOf(tree: Tree | undefined): unknown {
  return tree?.kind === 'scalar' ? tree.value : undefined;
}
