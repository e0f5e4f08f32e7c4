/** What is measured: five networks, from a few products to many convolutions and a transformer. */
import type { ModelSpec } from '../../src/experiment/specs.js';
import type { InputShape } from '../../src/models/index.js';

export interface BenchModel {
  readonly name: string;
  readonly title: string;
  readonly spec: ModelSpec;
  readonly shape: InputShape;
  /** Large enough for several threads: one cell is measured with one thread as well. */
  readonly threads?: true;
}

export const batchSize = 128;

export const digits: InputShape = { height: 28, width: 28, channels: 1, classes: 10 };
const photographs: InputShape = { height: 32, width: 32, channels: 3, classes: 10 };

export const cnn: ModelSpec = { name: 'cnn', filters: [16, 32], hidden: [] };

export const models: readonly BenchModel[] = [
  {
    name: 'mlp',
    title: 'MLP 784-256-128-10',
    spec: { name: 'mlp', hidden: [256, 128] },
    shape: digits,
  },
  { name: 'cnn', title: 'CNN, 5x5x16 and 5x5x32', spec: cnn, shape: digits },
  {
    name: 'resnet-8',
    title: 'ResNet-8',
    spec: { name: 'resnet', depth: 8, width: 16 },
    shape: photographs,
  },
  {
    name: 'resnet-20',
    title: 'ResNet-20',
    spec: { name: 'resnet', depth: 20, width: 16 },
    shape: photographs,
    threads: true,
  },
  {
    name: 'transformer',
    title: 'transformer, 4 blocks of 128',
    spec: { name: 'transformer', layers: 4, width: 128, heads: 4, expand: 4, norm: true, patch: 4 },
    shape: photographs,
  },
];
