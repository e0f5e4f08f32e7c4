/** The decoupling statistics: pure functions from run records to numbers with intervals. */
export type * from './statistics.js';
export { decoupling } from './decoupling.js';
export * from './facts.js';
export { anytime, type AnytimePoint } from './anytime.js';
export { bySteps, countsSteps, stepsOfGrid } from './stepsToGeneralise.js';
export type { CellSteps, RunSteps, StepsComparison, StepsStatistics } from './stepsToGeneralise.js';
export { pairedDifference, type PairedDifference } from './paired.js';
export { budgetKey, budgetName, budgetTrend } from './budget.js';
