/** `dataset.path`: where a user's own data lie. */
import { dirname, resolve } from 'node:path';
import { mapTree, scalarTree, type MapTree } from './tree.js';

/** The settings with `dataset.path` absolute: in a file it is relative to the file, after --set to the working directory. */
export function withAbsolutePath(root: MapTree): MapTree {
  const dataset = root.entries.get('dataset');
  const path = dataset?.value.kind === 'map' ? dataset.value.entries.get('path') : undefined;
  if (dataset?.value.kind !== 'map' || path?.value.kind !== 'scalar') return root;
  const { value, place } = path.value;
  if (typeof value !== 'string' || value === '') return root;
  const { name, kind } = place.source;
  const absolute = scalarTree(resolve(kind === 'file' ? dirname(name) : '', value), place);
  const entries = new Map(dataset.value.entries).set('path', { key: path.key, value: absolute });
  const inner = mapTree(entries, dataset.value.place, dataset.value.block);
  return mapTree(
    new Map(root.entries).set('dataset', { key: dataset.key, value: inner }),
    root.place,
    root.block,
  );
}
