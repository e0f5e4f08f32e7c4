/** timm: its own classes, and PyTorch's through its factory. */
import { BETAS, call, classesOf, keywords, type Library, type LibraryOptimizer } from './library.js';
import { ADADELTA_NAMES, pytorch, TORCH_NAMES } from './pytorch.js';

/** A class of timm.optim. */
const own = classesOf('timm.optim', TORCH_NAMES, 'params');

/** PyTorch's class under timm's name. */
const factory = (opt: string, name: string, names = TORCH_NAMES): LibraryOptimizer => ({
  ...pytorch.optimizers.find((one) => one.name === name && Object.keys(one.flags).length === 0)!,
  name: opt,
  write: (values) =>
    call(
      'timm.optim.create_optimizer_v2',
      ['model', `opt="${opt}"`],
      keywords(values, names, { filter_bias_and_bn: false }),
    ),
});

const rmsprop = { lr: 1e-2, wd: 0, momentum: 0, rho: 0.9, eps: 1e-10 };
const adam = { lr: 1e-3, wd: 1e-2, ...BETAS, eps: 1e-8 };
const sgdw = { lr: 1e-3, wd: 0, momentum: 0 };
const corrected = { corrected_weight_decay: true };

export const timm: Library = {
  name: 'timm',
  title: 'timm',
  source: 'timm.optim',
  note: 'create_optimizer_v2 decays no biases and norms, unless filter_bias_and_bn=False.',
  optimizers: [
    factory('adamw', 'AdamW'),
    factory('adam', 'Adam'),
    factory('adamax', 'Adamax'),
    factory('adadelta', 'Adadelta', ADADELTA_NAMES),
    factory('adagrad', 'Adagrad'),
    factory('nadam', 'NAdam'),
    own({ name: 'SGDW', decay: 'lr', step: 'sgd', defaults: sgdw }),
    own({ name: 'SGDW', flags: { nesterov: true }, decay: 'lr', step: 'nesterov', defaults: sgdw }),
    own({ name: 'SGDW', flags: corrected, decay: 'corrected', step: 'sgd', defaults: sgdw }),
    own({ name: 'NAdamW', decay: 'lr', step: 'nadam/simple', defaults: adam }),
    own({ name: 'NAdamW', flags: corrected, decay: 'corrected', step: 'nadam/simple', defaults: adam }),
    own({ name: 'AdamWLegacy', decay: 'lr', step: 'adam', defaults: adam }),
    own({ name: 'AdamWLegacy', flags: corrected, decay: 'corrected', step: 'adam', defaults: adam }),
    own({ name: 'Lion', decay: 'lr', step: 'lion', defaults: { lr: 1e-4, wd: 0, beta1: 0.9, beta2: 0.99 } }),
    own({ name: 'RMSpropTF', decay: 'l2', step: 'rmsprop/from-one', defaults: rmsprop }),
    own({
      name: 'RMSpropTF',
      flags: { decoupled_decay: true },
      decay: 'lr',
      step: 'rmsprop/from-one',
      defaults: rmsprop,
    }),
    own({ name: 'Muon', decay: 'lr', step: 'muon/timm', defaults: { lr: 0.02, wd: 0, momentum: 0.95 } }),
  ],
};
