/** PyTorch, as torch.optim has it: `test/fixtures/convert/make.py` compares defaults and decay with the library itself. */
import { BETAS, classesOf, type Library, type Names } from './library.js';

export const TORCH_NAMES: Names = {
  lr: 'lr',
  wd: 'weight_decay',
  momentum: 'momentum',
  beta1: 'betas',
  beta2: 'betas',
  rho: 'alpha',
  eps: 'eps',
};

/** Adadelta's smoothing has a name of its own. */
export const ADADELTA_NAMES: Names = { ...TORCH_NAMES, rho: 'rho' };

const entry = classesOf('torch.optim', TORCH_NAMES, 'params');

const sgd = { lr: 1e-3, wd: 0, momentum: 0 };
const adam = { lr: 1e-3, wd: 0, ...BETAS, eps: 1e-8 };
const nadam = { ...adam, lr: 2e-3 };
const decoupled = { decoupled_weight_decay: true };

export const pytorch: Library = {
  name: 'pytorch',
  title: 'PyTorch',
  source: 'torch.optim 2.15',
  optimizers: [
    entry({ name: 'AdamW', decay: 'lr', step: 'adam', defaults: { ...adam, wd: 1e-2 } }),
    entry({ name: 'Adam', decay: 'l2', step: 'adam', defaults: adam }),
    entry({ name: 'Adam', flags: decoupled, decay: 'lr', step: 'adam', defaults: adam }),
    entry({ name: 'SGD', decay: 'l2', step: 'sgd', defaults: sgd }),
    entry({ name: 'SGD', flags: { nesterov: true }, decay: 'l2', step: 'nesterov', defaults: sgd }),
    entry({ name: 'NAdam', decay: 'l2', step: 'nadam', defaults: nadam }),
    entry({ name: 'NAdam', flags: decoupled, decay: 'lr', step: 'nadam', defaults: nadam }),
    entry({ name: 'RAdam', decay: 'l2', step: 'radam/eps-hat', defaults: adam }),
    entry({ name: 'RAdam', flags: decoupled, decay: 'lr', step: 'radam/eps-hat', defaults: adam }),
    entry({ name: 'Adamax', decay: 'l2', step: 'adamax', defaults: nadam }),
    entry({
      name: 'RMSprop',
      decay: 'l2',
      step: 'rmsprop',
      defaults: { lr: 1e-2, wd: 0, momentum: 0, rho: 0.99, eps: 1e-8 },
    }),
    entry({ name: 'Adagrad', decay: 'l2', step: 'adagrad', defaults: { lr: 1e-2, wd: 0, eps: 1e-10 } }),
    entry({
      name: 'Adadelta',
      decay: 'l2',
      step: 'adadelta',
      defaults: { lr: 1, wd: 0, rho: 0.9, eps: 1e-6 },
      names: ADADELTA_NAMES,
    }),
    entry({
      name: 'ASGD',
      decay: 'l2',
      step: 'asgd',
      defaults: { lr: 1e-2, wd: 0 },
      note: "ASGD's lambd (1e-4) is a second, decoupled decay.",
    }),
    entry({
      name: 'Adafactor',
      decay: 'lr',
      step: 'adafactor/torch',
      defaults: { lr: 1e-2, wd: 0 },
      note: 'The decay is multiplied by lr as given, not by the rate that Adafactor makes of it.',
    }),
    entry({
      name: 'Muon',
      decay: 'lr',
      step: 'muon/torch',
      defaults: { lr: 1e-3, wd: 0.1, momentum: 0.95 },
      note: 'The decay is multiplied by lr as given, not by the rate that is adjusted to the shape.',
    }),
  ],
};
