/** What is measured: five networks, from a few products to many convolutions and a transformer. */
import type { ModelSpec } from '../../src/experiment/specs.js';
import { digits, photographs, speedNetworks, type SpeedNetwork } from '../../src/train/speedNetworks.js';

export interface BenchModel extends SpeedNetwork {
  readonly title: string;
  /** Large enough for several threads: one cell is measured with one thread as well. */
  readonly threads?: true;
}

export const batchSize = 128;

export { digits };

const titles: Readonly<Record<string, string>> = {
  mlp: 'MLP 784-256-128-10',
  cnn: 'CNN, 5x5x16 and 5x5x32',
  'resnet-8': 'ResNet-8',
  'resnet-20': 'ResNet-20',
};

export const cnn: ModelSpec = speedNetworks.find(({ name }) => name === 'cnn')!.spec;

export const models: readonly BenchModel[] = [
  ...speedNetworks.map((network) => ({
    ...network,
    title: titles[network.name]!,
    ...(network.name === 'resnet-20' ? { threads: true as const } : {}),
  })),
  {
    name: 'transformer',
    title: 'transformer, 4 blocks of 128',
    spec: { name: 'transformer', layers: 4, width: 128, heads: 4, expand: 4, norm: true, patch: 4 },
    shape: photographs,
  },
];
