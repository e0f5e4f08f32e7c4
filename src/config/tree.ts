/**
 * YAML as a tree of plain maps, lists and scalars, each with its place in the text. YAML features that a configuration
 * does not need are refused here. Trees are immutable and may share subtrees.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Problem } from './errors.js';
import { ambiguousNumber, decimalComma, plainText } from './numbers.js';
import { lineColumn, type Place, type Source } from './source.js';

interface Common {
  readonly place: Place;
  /** Number of values in it, itself included, aliases expanded. */
  readonly size: number;
  /** A map or list in block style: its key is a better place to point at than its many lines. */
  readonly block: boolean;
}
export interface ScalarTree extends Common {
  readonly kind: 'scalar';
  readonly value: unknown;
}
export interface ListTree extends Common {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}
export interface MapTree extends Common {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}
export interface Entry {
  readonly key: Place;
  readonly value: Tree;
}
export type Tree = ScalarTree | ListTree | MapTree;

/** More values than this, counted after aliases are expanded, are an alias bomb or a mistake. */
export const MAX_VALUES = 100_000;
const MAX_DEPTH = 50;
/** Keys that mean something to JavaScript objects. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const PLAIN_TAGS = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

interface Builder {
  readonly source: Source;
  /** Offset of the parsed text within the source's text. */
  readonly offset: number;
  /** null while the anchored value is still being built: an alias to it would contain itself. */
  readonly anchors: Map<string, Tree | null>;
  readonly problems: Problem[];
}

/** The tree of a parsed YAML node; what is wrong with it is added to `problems`. */
export function toTree(source: Source, node: Node | null, problems: Problem[], offset = 0): Tree {
  return build({ source, offset, anchors: new Map(), problems }, node, 0, placeOf(source, node, offset));
}

/** Whether a key is refused wherever it stands. */
export function isForbiddenKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key);
}

/** A scalar tree, e.g. a null standing for a value that was refused. */
export function scalarTree(value: unknown, place: Place): ScalarTree {
  return { kind: 'scalar', value, place, size: 1, block: false };
}

export function mapTree(entries: ReadonlyMap<string, Entry>, place: Place, block = true): MapTree {
  let size = 1;
  for (const { value } of entries.values()) size += value.size;
  return { kind: 'map', entries, place, size, block };
}

export function listTree(items: readonly Tree[], place: Place, block = true): ListTree {
  const size = items.reduce((sum, item) => sum + item.size, 1);
  return { kind: 'list', items, place, size, block };
}

export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, toPlain(value)]));
}

function placeOf(source: Source, node: Node | null, offset: number): Place {
  const [start, end] = node?.range ?? [0, 0];
  return { source, start: start + offset, end: end + offset };
}

function build(b: Builder, node: Node | null, depth: number, fallback: Place): Tree {
  if (node === null) return scalarTree(null, fallback);
  const place = placeOf(b.source, node, b.offset);
  if (isAlias(node)) return expand(b, node, place);
  const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
  if (anchor !== undefined) b.anchors.set(anchor, null);
  const tree = limited(b, buildValue(b, node, depth, place));
  if (anchor !== undefined) b.anchors.set(anchor, tree);
  return tree;
}

function buildValue(b: Builder, node: Node, depth: number, place: Place): Tree {
  const refuse = (message: string, hint?: string): Tree => {
    b.problems.push({ place, message, hint });
    return scalarTree(null, place);
  };
  if (depth > MAX_DEPTH) return refuse(`nested more than ${MAX_DEPTH} levels deep`);
  if (node.tag !== undefined && !PLAIN_TAGS.test(node.tag)) {
    return refuseTag(b, place);
  }
  if (isScalar(node)) return buildScalar(b, node, place);
  if (isSeq<Node>(node)) {
    const items = node.items.map((item) => build(b, item, depth + 1, place));
    return listTree(items, place, !node.flow);
  }
  if (isMap<Node, Node | null>(node)) return buildMap(b, node, depth, place);
  return refuse('expected a value');
}

function buildScalar(b: Builder, node: Scalar, place: Place): Tree {
  const ambiguous = ambiguousNumber(plainText(node), node.value, lineBefore(b, place));
  if (ambiguous === undefined) return scalarTree(node.value, place);
  b.problems.push({ place, ...ambiguous });
  return scalarTree(null, place);
}

/** The line that a place stands on, up to it. */
function lineBefore(b: Builder, { start }: Place): string {
  return b.source.text.slice(b.source.text.lastIndexOf('\n', start - 1) + 1, start);
}

/** Points at the tag as written, which stands before the range of the node it belongs to. */
function refuseTag(b: Builder, place: Place): Tree {
  const written = /!\S*\s*$/.exec(b.source.text.slice(0, place.start))?.[0] ?? '';
  const start = place.start - written.length;
  const tag = { ...place, start, end: start + written.trimEnd().length };
  const message = `the tag ${written.trimEnd()} is not allowed in a configuration`;
  b.problems.push({ place: tag, message, hint: 'remove the tag' });
  return scalarTree(null, tag);
}

function buildMap(b: Builder, node: YAMLMap<Node, Node | null>, depth: number, place: Place): Tree {
  const entries = new Map<string, Entry>();
  for (const pair of node.items) {
    const key = keyOf(b, pair);
    if (key === undefined) continue;
    const keyPlace = placeOf(b.source, pair.key, b.offset);
    const first = entries.get(key);
    if (first !== undefined) {
      const { line } = lineColumn(b.source.text, first.key.start);
      b.problems.push({ place: keyPlace, message: `duplicate key \`${key}\`, first given on line ${line}` });
      continue;
    }
    entries.set(key, { key: keyPlace, value: build(b, pair.value, depth + 1, keyPlace) });
  }
  return mapTree(entries, place, !node.flow);
}

/** The key as a string, or undefined if it is refused. */
function keyOf(b: Builder, pair: Pair<Node, Node | null>): string | undefined {
  const place = placeOf(b.source, pair.key, b.offset);
  const refuse = (message: string, hint?: string): undefined => {
    b.problems.push({ place, message, hint });
  };
  const key = isScalar(pair.key) ? pair.key.value : undefined;
  if (typeof key !== 'string') {
    const comma = decimalComma(plainText(pair.key), lineBefore(b, place));
    refuse('a key must be a plain word', comma ?? 'write `key: value`');
    return;
  }
  if (isForbiddenKey(key)) {
    refuse(`the key \`${key}\` is not allowed`);
    return;
  }
  if (key === '<<') {
    refuse('merge keys (`<<`) are not supported', 'use `extends: other.yaml`, or repeat the keys');
    return;
  }
  return key;
}

function expand(b: Builder, alias: Alias, place: Place): Tree {
  const tree = b.anchors.get(alias.source);
  if (tree) return tree;
  const why = tree === null ? 'stands inside the value it names' : 'has no anchor before it';
  b.problems.push({ place, message: `the alias *${alias.source} ${why}` });
  return scalarTree(null, place);
}

function limited(b: Builder, tree: Tree): Tree {
  if (tree.size <= MAX_VALUES) return tree;
  const message = `more than ${MAX_VALUES} values (with aliases expanded)`;
  const place = { ...tree.place, end: tree.place.start + 1 };
  b.problems.push({ place, message, hint: 'write a long axis as `{logspace: {base, from, to, steps}}`' });
  return scalarTree(null, tree.place);
}
