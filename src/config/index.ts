/** Configuration: YAML text to a validated Experiment with every default filled in. */
export { bundledConfigs, bundledFor, type Bundled } from './bundled.js';
export { ConfigError, type Diagnostic } from './errors.js';
export { axisValues, cellCount } from '../experiment/axis.js';
export { editorSchema } from './jsonSchema.js';
export { DEFAULT_LABELS, optimizerLabel } from '../experiment/labels.js';
export { loadExperiment, type LoadOptions } from './load.js';
export type {
  Axis,
  DatasetSpec,
  Experiment,
  ModelSpec,
  OptimizerSpec,
  Schedule,
  TrainSpec,
} from '../experiment/schema.js';
export { experimentSchema } from '../experiment/schema.js';
export { starterYaml } from './starter.js';
export { experimentToYaml } from './toYaml.js';
export { experimentWarnings } from './warnings.js';
