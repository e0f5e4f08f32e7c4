/** Settings of weight decay in one library, in the words of another: pure, no I/O. */
export { CONVENTIONS, SUBTRACTS, type Convention } from './conventions.js';
export { convert, decayIn, type Conversion, type Decay, type Target } from './convert.js';
export { ConvertError } from './errors.js';
export { LIBRARIES, named, type Library, type LibraryOptimizer, type Values } from './libraries/index.js';
export type { None, NoneKind } from './none.js';
export { factsOf, stepsPerEpochOf, type Run, type RunLength } from './run.js';
export { conventionOf, decayArgument, readSetting, type Setting } from './setting.js';
export { STEPS, type StepForm } from './steps.js';
export { conventionTable, type Row } from './table.js';
export type { Instead } from './ways.js';
