/** Keras 3: one `weight_decay` in every optimizer, decoupled and multiplied by the rate; L2 is the layers' affair. */
import {
  BETAS,
  call,
  classesOf,
  keywords,
  python,
  type Entry,
  type Library,
  type LibraryOptimizer,
  type Names,
  type Values,
} from './library.js';

export const KERAS_NAMES: Names = {
  lr: 'learning_rate',
  wd: 'weight_decay',
  momentum: 'momentum',
  beta1: 'beta_1',
  beta2: 'beta_2',
  rho: 'rho',
  eps: 'epsilon',
};

const one = classesOf('keras.optimizers', KERAS_NAMES);

/** Both forms of a class: its weight_decay, and a penalty in the layers. */
function both(entry: Omit<Entry, 'decay'>): LibraryOptimizer[] {
  const decoupled = one({ ...entry, decay: 'lr' });
  const rest = Object.fromEntries(Object.entries(entry.defaults).filter(([key]) => key !== 'wd'));
  return [
    decoupled,
    {
      ...decoupled,
      decay: 'l2',
      defaults: { ...rest, l2: 0 },
      write: (values) => withPenalty(decoupled.write(values), values),
    },
  ];
}

/** What every layer gets where the optimizer has no L2. */
export const withPenalty = (optimizer: string, { l2 = 0 }: Values, module = 'keras'): string => {
  const penalty = `${module}.regularizers.L2(${python(l2)})`;
  return `${optimizer}
# and in every layer, where biases are to decay too:
# kernel_regularizer=${penalty}, bias_regularizer=${penalty}`;
};

/** Muon has a second decay, for what is no matrix; one decay for all weights is both. */
const muon: LibraryOptimizer = {
  ...one({
    name: 'Muon',
    decay: 'lr',
    step: 'muon/keras',
    defaults: { lr: 1e-3, wd: 4e-3, momentum: 0.95 },
    note: 'Muon decays what is no matrix by adam_weight_decay, at the whole learning rate (not adam_lr_ratio times it).',
  }),
  write: (values) =>
    call('keras.optimizers.Muon', keywords(values, KERAS_NAMES), [
      `adam_weight_decay=${python(values.wd ?? 0)}`,
    ]),
};

const adam = { lr: 1e-3, wd: 0, ...BETAS, eps: 1e-7 };
const sgd = { lr: 1e-2, wd: 0, momentum: 0 };

export const keras: Library = {
  name: 'keras',
  title: 'Keras 3',
  source: 'keras.optimizers, keras/src/optimizers/base_optimizer.py',
  note: 'weight_decay is decoupled and multiplied by the learning rate in every optimizer, Adam and SGD included.',
  optimizers: [
    one({ name: 'AdamW', decay: 'lr', step: 'adam/eps-hat', defaults: { ...adam, wd: 4e-3 } }),
    ...both({ name: 'Adam', step: 'adam/eps-hat', defaults: adam }),
    ...both({ name: 'SGD', step: 'sgd/lr-in-m', defaults: sgd }),
    ...both({ name: 'SGD', flags: { nesterov: true }, step: 'nesterov/lr-in-m', defaults: sgd }),
    ...both({ name: 'Nadam', step: 'nadam/fast', defaults: adam }),
    ...both({ name: 'Adamax', step: 'adamax/eps-outside', defaults: adam }),
    ...both({
      name: 'RMSprop',
      step: 'rmsprop/eps-inside',
      defaults: { lr: 1e-3, wd: 0, momentum: 0, rho: 0.9, eps: 1e-7 },
    }),
    ...both({ name: 'Adagrad', step: 'adagrad/eps-inside', defaults: { lr: 1e-3, wd: 0, eps: 1e-7 } }),
    ...both({ name: 'Adadelta', step: 'adadelta', defaults: { lr: 1e-3, wd: 0, rho: 0.95, eps: 1e-7 } }),
    ...both({ name: 'Lion', step: 'lion', defaults: { lr: 1e-3, wd: 0, beta1: 0.9, beta2: 0.99 } }),
    one({ name: 'Adafactor', decay: 'lr', step: 'adafactor/keras', defaults: { lr: 1e-3, wd: 0 } }),
    muon,
  ],
};
