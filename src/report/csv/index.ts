/** The CSV files, each from records and statistics. */
export { confirmationCsv } from './confirmation.js';
export { decouplingCsv } from './decoupling.js';
export { epochsCsv, epochsCsvChunks, runsCsv, runsCsvChunks, TIMING_COLUMNS } from './runs.js';
export { stepsCsv } from './steps.js';
