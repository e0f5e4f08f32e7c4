/** The paper's two algorithms, in three conventions, written in the form of an entry of `optimizers` in a configuration. */
import type { Convention } from '../conventions.js';
import type { StepForm } from '../steps.js';
import { BETAS, type Library, type LibraryOptimizer, type Values } from './library.js';

const TORCH_MOMENTUM = 'torch_momentum';

function optimizer(
  name: string,
  decay: 'l2' | Convention,
  step: StepForm,
  defaults: Values,
  flags: Readonly<Record<string, boolean>> = {},
): LibraryOptimizer {
  const convention = decay === 'l2' ? [] : [`convention: ${decay}`];
  const form = TORCH_MOMENTUM in flags ? ['momentumForm: torch'] : [];
  const write = ({ lr, wd, momentum, ...others }: Values) => {
    const betas = momentum === undefined ? [] : [`beta1: ${momentum}`];
    const rest = Object.entries(others).map(([key, value]) => `${key}: ${value}`);
    const keys = [`name: ${name.toLowerCase()}`, `lr: [${lr}]`, `wd: [${wd}]`, ...betas, ...rest, ...form];
    return `{${[...keys, ...convention].join(', ')}}`;
  };
  return { name, flags, decay, step, defaults, write };
}

const adam = { lr: 1e-3, wd: 0, ...BETAS, eps: 1e-8 };
const sgd = { lr: 0.05, wd: 0, momentum: 0.9 };
const torch = { [TORCH_MOMENTUM]: true };

const algorithms = (convention: Convention): LibraryOptimizer[] => [
  optimizer('AdamW', convention, 'adam', adam),
  optimizer('SGDW', convention, 'sgd/lr-in-m', sgd),
  optimizer('SGDW', convention, 'sgd', sgd, torch),
  optimizer('Adam', 'l2', 'adam', adam),
  optimizer('SGD', 'l2', 'sgd/lr-in-m', sgd),
  optimizer('SGD', 'l2', 'sgd', sgd, torch),
];

const note = 'An entry of `optimizers` in a configuration of adamw-bench.';

export const paper: Library = {
  name: 'paper',
  title: 'paper',
  source: 'Algorithms 1 and 2 of https://arxiv.org/abs/1711.05101',
  note,
  optimizers: algorithms('paper'),
};

export const normalized: Library = {
  name: 'normalized',
  title: 'appendix B.1',
  source: 'appendix B.1 of https://arxiv.org/abs/1711.05101',
  note,
  optimizers: algorithms('normalized'),
};

export const timescale: Library = {
  name: 'timescale',
  title: 'time scale',
  source: 'https://arxiv.org/abs/2405.13698',
  note,
  optimizers: algorithms('timescale'),
};
