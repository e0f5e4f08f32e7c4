/** Sweeps of other programs -> results folders for `report`. */
export { ROLES, objectiveIn, type Columns, type Role } from './columns.js';
export { writeFolder } from './folder.js';
export { describeBad, readSweep, type Reading, type ReadOptions } from './read.js';
