/** The decoupling statistics: pure functions from run records to numbers with intervals. */
export type * from './decoupling.js';
export { decoupling } from './decouple.js';
export { verdict, verdictOf, direction } from './verdict.js';
export { buildGrid, byLabel } from './grid.js';
export { anytime, type AnytimePoint } from './anytime.js';
export { budgetKey, budgetName, budgetTrend } from './budget.js';
