/** From a model's specification to the model. */
import type { ModelSpec } from '../experiment/specs.js';
import type { LayerOf } from '../nn/layer.js';
import '../nn/relu.js';
import { cnn } from './cnn.js';
import { mlp } from './mlp.js';
import { modelOf, type InputShape, type Model } from './model.js';
import { resnet } from './resnet.js';
import { shakeShake } from './shakeShake.js';
import { transformer } from './transformer.js';
import { wideResnet } from './wideResnet.js';

export { decayMask, requireExclusions } from './exclusion.js';
export { requireMemory, requireTensors, type MemoryLimits } from './memory.js';
export type { InputShape, Model } from './model.js';

function network(spec: ModelSpec, shape: InputShape): LayerOf {
  const { classes } = shape;
  switch (spec.name) {
    case 'mlp':
      return mlp(spec.hidden, spec.batchNorm ?? false, classes);
    case 'cnn':
      return cnn(spec.filters, spec.hidden, classes);
    case 'resnet':
      return resnet(spec.depth, spec.width, classes);
    case 'shake-shake':
      return shakeShake(spec.depth, spec.width, spec.per, classes);
    case 'transformer':
      return transformer(spec, shape);
    case 'wide-resnet':
      return wideResnet(spec.depth, spec.widen, classes);
  }
}

/**
 * The network of a specification, for images of a shape.
 *
 * @throws ModelError that says what to change if the two do not fit: a CNN with more stages than the images have
 *   halvings, an odd width of a shake-shake network
 */
export const buildModel = (spec: ModelSpec, shape: InputShape): Model => modelOf(network(spec, shape), shape);
