/** optax: decay is a link of the chain, so every rule takes both forms. The rate multiplies all that stands before it. */
import type { StepForm } from '../steps.js';
import {
  BETAS,
  call,
  keywords,
  python,
  type Library,
  type LibraryOptimizer,
  type Names,
  type Values,
} from './library.js';

const NAMES: Names = {
  lr: 'learning_rate',
  wd: 'weight_decay',
  momentum: 'momentum',
  beta1: 'b1',
  beta2: 'b2',
  rho: 'decay',
  eps: 'eps',
};

interface Entry {
  /** The alias without decay. */
  readonly name: string;
  readonly step: StepForm;
  readonly defaults: Values;
  readonly names?: Names;
  readonly flags?: Readonly<Record<string, boolean>>;
  /** Arguments of the alias that are always written. */
  readonly fixed?: Readonly<Record<string, boolean>>;
}

/** `optax.chain(optax.add_decayed_weights(wd), optax.name(...))`. */
function l2({ name, step, defaults, names = NAMES, flags = {}, fixed = {} }: Entry): LibraryOptimizer {
  return {
    name,
    flags,
    step,
    decay: 'l2',
    defaults: { ...defaults, wd: 0 },
    write: ({ wd = 0, ...values }) =>
      call('optax.chain', [
        call('optax.add_decayed_weights', [python(wd)]),
        call(`optax.${name}`, keywords(values, names, { ...flags, ...fixed })),
      ]),
  };
}

/** An alias that takes a weight_decay itself. */
function decoupled(name: string, step: StepForm, defaults: Values): LibraryOptimizer {
  return {
    name,
    flags: {},
    step,
    decay: 'lr',
    defaults,
    write: (values) => call(`optax.${name}`, keywords(values, NAMES)),
  };
}

/** `optax.chain(optax.transform(...), optax.add_decayed_weights(wd), optax.scale_by_learning_rate(lr))`. */
function chained(
  { name, step, defaults, names = NAMES, flags = {}, fixed = {} }: Entry,
  transform: string,
): LibraryOptimizer {
  return {
    name: `${name} + add_decayed_weights`,
    flags,
    step,
    decay: 'lr',
    defaults: { ...defaults, wd: 0 },
    write: ({ lr = 0, wd = 0, ...values }) =>
      call('optax.chain', [
        call(`optax.${transform}`, keywords(values, names, { ...flags, ...fixed })),
        call('optax.add_decayed_weights', [python(wd)]),
        call('optax.scale_by_learning_rate', [python(lr)]),
      ]),
  };
}

/** Muon has a second decay, for what is no matrix; one decay for all weights is both. */
const muon: LibraryOptimizer = {
  ...decoupled('contrib.muon', 'muon/optax', { lr: 1e-3, wd: 0 }),
  write: (values) =>
    call('optax.contrib.muon', keywords(values, NAMES), [`adam_weight_decay=${python(values.wd ?? 0)}`]),
  note: 'contrib.muon decays what is no matrix by adam_weight_decay.',
};

const adam = { lr: 1e-3, ...BETAS, eps: 1e-8 };
const sgd: Entry = { name: 'sgd', step: 'sgd', defaults: { lr: 1e-3, momentum: 0 } };
const nesterov: Entry = { ...sgd, step: 'nesterov', flags: { nesterov: true } };
const rmsprop: Entry = {
  name: 'rmsprop',
  step: 'rmsprop',
  defaults: { lr: 1e-3, rho: 0.9, eps: 1e-8 },
  fixed: { eps_in_sqrt: false },
};
const adagrad: Entry = { name: 'adagrad', step: 'adagrad/eps-inside', defaults: { lr: 1e-3, eps: 1e-7 } };
const adadelta: Entry = {
  name: 'adadelta',
  step: 'adadelta',
  defaults: { lr: 1, rho: 0.9, eps: 1e-6 },
  names: { ...NAMES, rho: 'rho' },
};
const radam: Entry = { name: 'radam', step: 'radam', defaults: adam };
const traced = { ...NAMES, momentum: 'decay' };

export const optax: Library = {
  name: 'optax',
  title: 'optax',
  source: 'optax/_src/alias.py and transform.py',
  note: 'A mask (mask=, or optax.masked) says which parameters decay; all do without one.',
  optimizers: [
    decoupled('adamw', 'adam', { ...adam, wd: 1e-4 }),
    decoupled('nadamw', 'nadam/constant', { ...adam, wd: 1e-4 }),
    decoupled('adamaxw', 'adamax', { ...adam, wd: 1e-4 }),
    decoupled('lion', 'lion', { lr: 1e-3, beta1: 0.9, beta2: 0.99, wd: 1e-3 }),
    muon,
    chained({ ...sgd, names: traced }, 'trace'),
    chained({ ...nesterov, names: traced }, 'trace'),
    chained(rmsprop, 'scale_by_rms'),
    chained(radam, 'scale_by_radam'),
    chained(adagrad, 'scale_by_rss'),
    chained(adadelta, 'scale_by_adadelta'),
    l2({ name: 'adam', step: 'adam', defaults: adam }),
    l2({ name: 'nadam', step: 'nadam/constant', defaults: adam }),
    l2({ name: 'adamax', step: 'adamax', defaults: adam }),
    l2(sgd),
    l2(nesterov),
    l2(rmsprop),
    l2(radam),
    l2(adagrad),
    l2(adadelta),
  ],
};
