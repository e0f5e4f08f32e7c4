/**
 * Weight decay for tfjs programs: tf.Optimizer classes for `minimize`, `applyGradients` or `model.compile`. Importing
 * this registers them for (de)serialization.
 */
import { serialization } from '@tensorflow/tfjs-core';
import { AdamL2, AdamW } from './adam.js';
import { warnOfSecondCore } from './secondCore.js';
import { SGDL2, SGDW } from './sgd.js';

for (const cls of [AdamW, AdamL2, SGDW, SGDL2]) serialization.registerClass<InstanceType<typeof cls>>(cls);

// Once now, and once after the program's other imports: its tfjs may load after us.
warnOfSecondCore();
queueMicrotask(warnOfSecondCore);

export { AdamL2, AdamW, type AdamOptions } from './adam.js';
export { SGDL2, SGDW, type SgdOptions } from './sgd.js';
export type { DecayingOptions } from './decaying.js';
export { extendWithDecoupledWeightDecay, type Decay, type ExtendedClass } from './extend.js';
export type { Include } from './include.js';
