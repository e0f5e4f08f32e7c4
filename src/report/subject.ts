/** What a figure is about: data set, images, network, epochs, seeds. */
import type { ModelSpec } from '../experiment/specs.js';
import { isImported, type AnyRecord, type RunRecord } from '../experiment/record.js';
import { grouped } from './format.js';

/** One line, such as `mnist, 1,000 images, resnet-8, 15 epochs, 3 seeds`; several values of one thing are listed. */
export function subjectOf(all: readonly AnyRecord[]): string {
  const records = all.filter((record): record is RunRecord => !isImported(record));
  if (records.length < all.length) return importedSubject(all);
  const each = (of: (record: RunRecord) => string) => [...new Set(records.map(of))].join(' and ');
  const seeds = new Set(records.map(({ cell }) => cell.seed)).size;
  const epochs = [...new Set(records.map(({ cell }) => cell.epochs))].sort((a, b) => a - b);
  const plural = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  return [
    each(({ cell }) => cell.dataset.name),
    each(({ cell }) => `${cell.dataset.train === undefined ? 'all' : grouped(cell.dataset.train)} images`),
    each(({ cell }) => networkName(cell.model)),
    epochs.length === 1 ? plural(epochs[0]!, 'epoch') : `${epochs.join(', ')} epochs`,
    plural(seeds, 'seed'),
  ].join(', ');
}

/** Nothing is known of data and networks of other programs. */
function importedSubject(records: readonly AnyRecord[]): string {
  const seeds = new Set(records.map(({ cell }) => cell.seed)).size;
  const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
  return `imported, ${count(records.length, 'run')}, ${count(seeds, 'seed')}`;
}

/** Such as `resnet-8 of width 8`, `mlp`. */
function networkName(model: ModelSpec): string {
  const depth = 'depth' in model ? `-${model.depth}` : '';
  return `${model.name}${depth}${'width' in model ? ` of width ${model.width}` : ''}`;
}
