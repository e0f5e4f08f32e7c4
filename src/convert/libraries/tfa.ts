/**
 * TensorFlow Addons (discontinued in 2024), from tensorflow_addons/optimizers/weight_decay_optimizers.py: `var -= wd var`
 * before the update of a tf.keras optimizer. `wd` is not multiplied by the learning rate and not scheduled with it.
 */
import { BETAS, classesOf, type Entry, type Library, type LibraryOptimizer } from './library.js';
import { KERAS_NAMES, withPenalty } from './keras.js';

const own = classesOf('tfa.optimizers', KERAS_NAMES);
const theirs = classesOf('tf.keras.optimizers', KERAS_NAMES);

/** A class of tf.keras, whose layers have the penalty. */
const penalised = (entry: Omit<Entry, 'decay'>): LibraryOptimizer => {
  const optimizer = theirs({ ...entry, decay: 'l2' });
  return { ...optimizer, write: (values) => withPenalty(optimizer.write(values), values, 'tf.keras') };
};

const adam = { lr: 1e-3, ...BETAS, eps: 1e-7 };
const sgd = { lr: 1e-2, momentum: 0 };
const sgdw = { lr: 1e-3, momentum: 0, wd: 0 };
const nesterov = { flags: { nesterov: true }, step: 'nesterov/lr-in-m' } as const;

export const tfa: Library = {
  name: 'tfa',
  title: 'TensorFlow Addons',
  source: 'tensorflow_addons/optimizers/weight_decay_optimizers.py (transcribed)',
  note: 'Its documentation asks to schedule weight_decay by hand where the learning rate is scheduled.',
  optimizers: [
    own({ name: 'AdamW', decay: 'constant', step: 'adam/eps-hat', defaults: { ...adam, wd: 0 } }),
    own({ name: 'SGDW', decay: 'constant', step: 'sgd/lr-in-m', defaults: sgdw }),
    own({ name: 'SGDW', decay: 'constant', defaults: sgdw, ...nesterov }),
    penalised({ name: 'Adam', step: 'adam/eps-hat', defaults: { ...adam, l2: 0 } }),
    penalised({ name: 'SGD', step: 'sgd/lr-in-m', defaults: { ...sgd, l2: 0 } }),
    penalised({ name: 'SGD', defaults: { ...sgd, l2: 0 }, ...nesterov }),
  ],
};
