/** The stages of each size, with the growth from the size before. */
import { mebibytes, type Table } from '../table.js';
import type { StageName } from './stages.js';

export interface ScaleRow {
  readonly stage: StageName;
  /** How many cells the sweep has. */
  readonly asked: number;
  /** Why it was not measured. */
  readonly failure?: string;
  /** How many the stage has worked on. */
  readonly cells?: number;
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  readonly peakBytes?: number;
  /** Of the journal, or of the page. */
  readonly bytes?: number;
}

const perCell = ({ seconds, cells }: ScaleRow): number | undefined =>
  seconds === undefined || !cells ? undefined : (1e6 * seconds) / cells;

/** How the time for one cell compares with that at the smallest size: above 1, the stage is worse than linear. */
export function growth(row: ScaleRow, rows: readonly ScaleRow[]): number | undefined {
  const first = rows.find(({ stage }) => stage === row.stage);
  const [own, before] = [perCell(row), first && perCell(first)];
  return own === undefined || before === undefined || first === row ? undefined : own / before;
}

/** All rows, stage by stage, so that a stage's sizes stand below each other. */
export function scaleTable(rows: readonly ScaleRow[]): Table {
  const stages = [...new Set(rows.map(({ stage }) => stage))];
  return {
    heads: ['stage', 'cells', 's', 'CPU s', 'µs a cell', 'of the first size’s', 'peak memory', 'file'],
    rows: stages.flatMap((stage) =>
      rows
        .filter((row) => row.stage === stage)
        .map((row) => {
          if (row.failure !== undefined) return [stage, String(row.asked), row.failure, '', '', '', '', ''];
          const short = row.cells === row.asked ? '' : ` (${row.cells!} done)`;
          return [
            stage,
            `${row.asked}${short}`,
            row.seconds!.toFixed(2),
            row.cpuSeconds!.toFixed(2),
            perCell(row)?.toFixed(0) ?? '',
            growth(row, rows)?.toFixed(2) ?? '',
            mebibytes(row.peakBytes!),
            row.bytes === undefined ? '' : mebibytes(row.bytes),
          ];
        }),
    ),
  };
}
