/** What a figure is about: data set, images, network, epochs, seeds. */
import type { ModelSpec } from '../experiment/specs.js';
import { isImported, type AnyRecord, type RunRecord } from '../experiment/record.js';
import { grouped } from './format.js';

/** One line, such as `mnist, 1,000 training images, resnet-8 of width 16, 15 epochs, 3 seeds`. */
export const subjectOf = (records: readonly AnyRecord[]): string => subjectParts(records).join(', ');

/** Its parts. Several values of one thing are listed. */
export function subjectParts(all: readonly AnyRecord[]): string[] {
  const records = all.filter((record): record is RunRecord => !isImported(record));
  if (records.length < all.length) return importedParts(all);
  const each = (of: (record: RunRecord) => string) => [...new Set(records.map(of))].join(' and ');
  const seeds = new Set(records.map(({ cell }) => cell.seed)).size;
  const epochs = [...new Set(records.map(({ cell }) => cell.epochs))].sort((a, b) => a - b);
  const plural = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  return [
    each(({ cell }) => cell.dataset.name),
    each(({ cell }) => imagesOf(cell.dataset)),
    each(({ cell }) => networkName(cell.model)),
    epochs.length === 1 ? plural(epochs[0]!, 'epoch') : `${epochs.join(', ')} epochs`,
    plural(seeds, 'seed'),
  ];
}

/** Nothing is known of data and networks of other programs. */
function importedParts(records: readonly AnyRecord[]): string[] {
  const seeds = new Set(records.map(({ cell }) => cell.seed)).size;
  return ['trained by another program', `${grouped(seeds)} seed${seeds === 1 ? '' : 's'}`];
}

/** Such as `500 training images (20% of the labels wrong)`. */
function imagesOf(dataset: RunRecord['cell']['dataset']): string {
  if (dataset.name === 'text') return `${grouped(dataset.content.characters)} characters`;
  const { labelNoise } = dataset;
  const wrong = labelNoise > 0 ? ` (${Number((100 * labelNoise).toPrecision(3))}% of the labels wrong)` : '';
  if (dataset.name === 'modular') {
    const { op, p, share } = dataset;
    return `${Number((100 * share).toPrecision(3))}% of the equations a ${op === 'add' ? '+' : '/'} b mod ${p}${wrong}`;
  }
  const { train } = dataset;
  return `${train === undefined ? 'all' : grouped(train)} training images${wrong}`;
}

/** Such as `resnet-8 of width 8`, `wide-resnet-28-10`, `mlp 256-128 with batch norm`, `cnn 16-32`, `transformer of 4 x 128`. */
function networkName(model: ModelSpec): string {
  if (model.name === 'mlp')
    return `mlp ${model.hidden.join('-')}${model.batchNorm === true ? ' with batch norm' : ''}`.trim();
  if (model.name === 'cnn') return `cnn ${[...model.filters, ...model.hidden].join('-')}`;
  if (model.name === 'wide-resnet') return `wide-resnet-${model.depth}-${model.widen}`;
  if (model.name === 'transformer') return `transformer of ${model.layers} x ${model.width}`;
  return `${model.name}-${model.depth} of width ${model.width}`;
}
