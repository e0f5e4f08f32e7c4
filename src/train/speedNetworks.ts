/** The networks that speed is measured with, by `doctor --bench` and by the benchmarks. */
import type { ModelSpec } from '../experiment/specs.js';
import type { InputShape } from '../models/index.js';

export interface SpeedNetwork {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly shape: InputShape;
}

export const digits: InputShape = { height: 28, width: 28, channels: 1, classes: 10 };
export const photographs: InputShape = { height: 32, width: 32, channels: 3, classes: 10 };

/** From a few products to many convolutions. */
export const speedNetworks: readonly SpeedNetwork[] = [
  { name: 'mlp', spec: { name: 'mlp', hidden: [256, 128] }, shape: digits },
  { name: 'cnn', spec: { name: 'cnn', filters: [16, 32], hidden: [] }, shape: digits },
  { name: 'resnet-8', spec: { name: 'resnet', depth: 8, width: 16 }, shape: photographs },
  { name: 'resnet-20', spec: { name: 'resnet', depth: 20, width: 16 }, shape: photographs },
];
