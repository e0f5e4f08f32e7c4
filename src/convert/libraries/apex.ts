/** NVIDIA's apex, from csrc/multi_tensor_adam.cu, multi_tensor_sgd_kernel.cu and multi_tensor_adagrad.cu. */
import { BETAS, classesOf, type Library } from './library.js';
import { TORCH_NAMES } from './pytorch.js';

const entry = classesOf('apex.optimizers', TORCH_NAMES, 'params');

const adam = { lr: 1e-3, wd: 0, ...BETAS, eps: 1e-8 };
const sgd = { lr: 1e-3, wd: 0, momentum: 0 };
const adagrad = { lr: 1e-2, wd: 0, eps: 1e-10 };
const nesterov = { nesterov: true };
const after = { wd_after_momentum: true };

export const apex: Library = {
  name: 'apex',
  title: 'NVIDIA apex',
  source: 'csrc/multi_tensor_adam.cu, multi_tensor_sgd_kernel.cu, multi_tensor_adagrad.cu (transcribed)',
  note: "Not PyPI's package apex, which is another program.",
  optimizers: [
    entry({ name: 'FusedAdam', decay: 'lr', step: 'adam', defaults: adam }),
    entry({ name: 'FusedAdam', flags: { adam_w_mode: false }, decay: 'l2', step: 'adam', defaults: adam }),
    entry({ name: 'FusedSGD', decay: 'l2', step: 'sgd', defaults: sgd }),
    entry({ name: 'FusedSGD', flags: after, decay: 'lr', step: 'sgd', defaults: sgd }),
    entry({ name: 'FusedSGD', flags: nesterov, decay: 'l2', step: 'nesterov', defaults: sgd }),
    entry({
      name: 'FusedSGD',
      flags: { ...nesterov, ...after },
      decay: 'lr',
      step: 'nesterov',
      defaults: sgd,
    }),
    entry({ name: 'FusedAdagrad', decay: 'l2', step: 'adagrad', defaults: adagrad }),
    entry({
      name: 'FusedAdagrad',
      flags: { adagrad_w_mode: true },
      decay: 'lr',
      step: 'adagrad',
      defaults: adagrad,
    }),
  ],
};
