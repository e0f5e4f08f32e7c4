/**
 * Weight decay for tfjs programs: tf.Optimizer classes for `minimize`, `applyGradients` or `model.compile`. Importing
 * this registers them for (de)serialization. It is also the whole of the package packages/tfjs-weight-decay: so what is
 * imported here must run in browsers and have no dependencies but tfjs-core.
 */
import { serialization } from '@tensorflow/tfjs-core';
import { AdamL2, AdamW } from './adam.js';
import { Lion } from './lion.js';
import { Muon } from './muon.js';
import { NAdamW } from './nadam.js';
import { RMSPropW } from './rmsprop.js';
import { warnOfSecondCore } from './secondCore.js';
import { SGDL2, SGDW } from './sgd.js';

for (const cls of [AdamW, AdamL2, SGDW, SGDL2, NAdamW, RMSPropW, Lion, Muon])
  serialization.registerClass<InstanceType<typeof cls>>(cls);

// Once now, and once after the program's other imports: its tfjs may load after us.
warnOfSecondCore();
queueMicrotask(warnOfSecondCore);

export { AdamL2, AdamW, type AdamOptions } from './adam.js';
export { SGDL2, SGDW, type SgdOptions } from './sgd.js';
export { NAdamW, type NAdamWOptions } from './nadam.js';
export { RMSPropW, type RMSPropWOptions } from './rmsprop.js';
export { Lion, type LionOptions } from './lion.js';
export { Muon, type MuonOptions } from './muon.js';
export type { DecayingOptions } from './decaying.js';
export { extendWithDecoupledWeightDecay, type Decay, type ExtendedClass } from './extend.js';
export type { Exclude, Include } from './include.js';
export { scheduleFunction, type ScheduleOption, type StepSchedule } from './schedule.js';
