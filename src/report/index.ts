/** Records and statistics -> CSV, figures, page, terminal. */
export { decouplingCsv, epochsCsv, epochsCsvChunks, runsCsv, TIMING_COLUMNS } from './csv/index.js';
export { type Named, type Pairing, pairings, renderComparison, renderComparisonText } from './compare.js';
export { type Analysed, analyse, type ReportInput } from './input.js';
export { setUpDifferences } from './setUpDifferences.js';
export { renderConfirmation } from './confirmation.js';
export { renderVerdict } from './verdict.js';
export { reportHtml, writeReport } from './report.js';
export type { LiveServer, ServeOptions } from './serve.js';
export { colorDepth, type ColorDepth, renderSummary, type TerminalOptions } from './terminal.js';
export { preloadDrawing } from './figures/draw.js';
