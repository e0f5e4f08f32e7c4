/** Configuration: YAML text to a validated Experiment with every default filled in. */
export { bundledConfigs, bundledFor, type Bundled } from './bundled.js';
export { ConfigError, type Diagnostic } from './errors.js';
export { axisValues } from '../experiment/axis.js';
export { cellCount } from '../experiment/size.js';
export { editorSchema } from './jsonSchema.js';
export { defaultLabel, optimizerLabel } from '../experiment/labels.js';
export { loadExperiment, type LoadOptions } from './load.js';
export type { Axis } from '../experiment/axis.js';
export type { OptimizerSpec } from '../experiment/optimizerSpec.js';
export type { DatasetSpec, ModelSpec, Schedule, TrainSpec } from '../experiment/specs.js';
export type { Experiment } from '../experiment/experiment.js';
export { experimentSchema } from '../experiment/experiment.js';
export { starterYaml } from './starter.js';
export { experimentToYaml } from './toYaml.js';
export { experimentWarnings } from './warnings.js';
