/**
 * TensorFlow Addons (discontinued in 2024), from tensorflow_addons/optimizers/weight_decay_optimizers.py: `var -= wd var`
 * before the update of a tf.keras optimizer. `wd` is not multiplied by the learning rate and not scheduled with it.
 */
import { BETAS, call, keywords, type Library, type LibraryOptimizer, type Values } from './library.js';
import { KERAS_NAMES, withPenalty } from './keras.js';
import type { StepForm } from '../steps.js';

const decoupled = (
  name: string,
  step: StepForm,
  defaults: Values,
  flags: Readonly<Record<string, boolean>> = {},
): LibraryOptimizer => ({
  name,
  flags,
  step,
  decay: 'constant',
  defaults,
  write: (values) => call(`tfa.optimizers.${name}`, keywords(values, KERAS_NAMES, flags)),
});

const l2 = (
  name: string,
  step: StepForm,
  { wd: _, ...rest }: Values,
  flags: Readonly<Record<string, boolean>> = {},
): LibraryOptimizer => ({
  name,
  flags,
  step,
  decay: 'l2',
  defaults: { ...rest, l2: 0 },
  write: (values) =>
    withPenalty(
      call(`tf.keras.optimizers.${name}`, keywords(values, KERAS_NAMES, flags)),
      values,
      'tf.keras',
    ),
});

const adam = { lr: 1e-3, wd: 0, ...BETAS, eps: 1e-7 };
const sgdw = { lr: 1e-3, wd: 0, momentum: 0 };
const sgd = { ...sgdw, lr: 1e-2 };
const nesterov = { nesterov: true };

export const tfa: Library = {
  name: 'tfa',
  title: 'TensorFlow Addons',
  source: 'tensorflow_addons/optimizers/weight_decay_optimizers.py (transcribed)',
  note: 'Its documentation asks to schedule weight_decay by hand where the learning rate is scheduled.',
  optimizers: [
    decoupled('AdamW', 'adam/eps-hat', adam),
    decoupled('SGDW', 'sgd/lr-in-m', sgdw),
    decoupled('SGDW', 'nesterov/lr-in-m', sgdw, nesterov),
    l2('Adam', 'adam/eps-hat', adam),
    l2('SGD', 'sgd/lr-in-m', sgd),
    l2('SGD', 'nesterov/lr-in-m', sgd, nesterov),
  ],
};
