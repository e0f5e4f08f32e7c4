/** What a program that depends on adamw-bench can import. */

// Optimizers for tfjs programs.
export * from './tf-optimizers/index.js';

// The same optimizers as pure functions of flat vectors, their schedules, and the transforms they are made of.
export * from './optim/index.js';
export {
  addCautiousDecay,
  addDecay,
  addPenalty,
  chain,
  identity,
  link,
  momentum,
  scaleBy,
  scaleByRate,
  type Transform,
} from './rules/transforms.js';
export { scaleByAdam } from './rules/adam.js';
export { applyChain } from './optim/tensors.js';
export { stepScalars, type StepScalars } from './optim/scalars.js';

// A training step of a tfjs-node program as one call of TensorFlow.
export { recordStep, type RecordStepOptions, type RecordedStep } from './backends/tensorflow/recordStep.js';
export { prepareRecording, useTensorflow } from './backends/tensorflow/load.js';
export { RecordingError } from './backends/tensorflow/errors.js';
export type { StepResult } from './backends/tensorflow/results.js';
