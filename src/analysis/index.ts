/** The decoupling statistics: pure functions from run records to numbers with intervals. */
export type * from './decoupling.js';
