/** What a program that depends on adamw-bench can import. */

// Optimizers for tfjs programs.
export * from './tf-optimizers/index.js';

// The same optimizers as pure functions of flat vectors, their schedules, and the transforms they are made of.
export * from './optim/index.js';
export {
  addCautiousDecay,
  addDecay,
  applyChain,
  chain,
  identity,
  momentum,
  scaleBy,
  scaleByAdam,
  type Transform,
} from './optim/transforms.js';
export { stepScalars, type StepScalars } from './optim/scalars.js';
