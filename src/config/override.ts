/** `--set a.b.c=VALUE`: one setting changed from the command line, as if the file had been edited. */
import type { Problem } from './errors.js';
import { firstInvisible } from './invisible.js';
import { parseTree } from './readYaml.js';
import type { Place, Source } from './source.js';
import { isForbiddenKey, listTree, mapTree, scalarTree, type MapTree, type Tree } from './tree.js';

interface Segment {
  readonly text: string;
  readonly place: Place;
}

/**
 * The settings with one override applied. The path's parts are keys, or indexes into lists counted from 0
 * (`optimizers.0.lr`); maps that are not there yet are made. VALUE is YAML: `2`, `[0.1, 0.2]`, `{name: step}`.
 * A key that the schema does not know is found later, with the others, at its place in this text.
 */
export function override(root: MapTree, text: string, problems: Problem[]): MapTree {
  const source: Source = { name: '--set', kind: 'set', text };
  const equals = text.indexOf('=');
  const refuse = (place: Place, message: string, hint?: string): MapTree => {
    problems.push({ place, message, hint });
    return root;
  };
  const whole = { source, start: 0, end: text.length };
  if (equals < 0) return refuse(whole, 'expected PATH=VALUE', 'for example --set train.epochs=2');
  const unseen = firstInvisible({ source, start: 0, end: equals });
  if (unseen !== undefined) {
    problems.push(unseen);
    return root;
  }
  const path = segments(source, text.slice(0, equals));
  for (const { text: key, place } of path) {
    if (key === '') return refuse({ ...place, end: place.start + 1 }, 'expected a key before this');
    if (isForbiddenKey(key)) return refuse(place, `the key \`${key}\` is not allowed`);
  }
  if (path[0]!.text === 'extends') return refuse(path[0]!.place, '`extends` belongs in a file');
  const value = parseTree(source, problems, text.slice(equals + 1), equals + 1);
  return value === null ? root : (place(root, path, 0, value, problems) as MapTree);
}

function segments(source: Source, path: string): Segment[] {
  let start = 0;
  return path.split('.').map((part) => {
    const text = part.trim();
    const at = start + part.indexOf(text);
    start += part.length + 1;
    return { text, place: { source, start: at, end: at + text.length } };
  });
}

/** `tree` with `value` put at path[i..]; unchanged, with a problem added, where the path leads nowhere. */
function place(
  tree: Tree | undefined,
  path: readonly Segment[],
  i: number,
  value: Tree,
  problems: Problem[],
): Tree {
  const segment = path[i];
  if (segment === undefined) return value;
  const into = asContainer(tree, path, i);
  if (into === undefined) {
    const parent = names(path, i);
    problems.push({ place: segment.place, message: `\`${parent}\` is a single value and has no keys` });
    return tree!;
  }
  if (into.kind === 'list') {
    const index = /^\d+$/.test(segment.text) ? Number(segment.text) : -1;
    if (index < 0 || index >= into.items.length) {
      const message = `\`${names(path, i)}\` is a list: expected an index from 0 to ${into.items.length - 1}`;
      problems.push({ place: segment.place, message });
      return into;
    }
    const items = into.items.with(index, place(into.items[index], path, i + 1, value, problems));
    return listTree(items, into.place, into.block);
  }
  const inner = place(into.entries.get(segment.text)?.value, path, i + 1, value, problems);
  const entries = new Map(into.entries).set(segment.text, { key: segment.place, value: inner });
  return mapTree(entries, into.place, into.block);
}

const names = (path: readonly Segment[], n: number): string =>
  path
    .slice(0, n)
    .map((segment) => segment.text)
    .join('.');

/** What keys can be put into: nothing and null become an empty map, an optimizer given as a word its map. */
function asContainer(
  tree: Tree | undefined,
  path: readonly Segment[],
  i: number,
): Exclude<Tree, { kind: 'scalar' }> | undefined {
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === null)) {
    return mapTree(new Map(), path[i - 1]!.place);
  }
  if (tree.kind !== 'scalar') return tree;
  if (i === 2 && path[0]!.text === 'optimizers' && typeof tree.value === 'string') {
    return mapTree(
      new Map([['name', { key: tree.place, value: scalarTree(tree.value, tree.place) }]]),
      tree.place,
    );
  }
  return undefined;
}
