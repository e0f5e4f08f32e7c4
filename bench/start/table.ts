/** From runs of commands to medians and to ratios to `node -e 0`, round by round. */
import { median, pairwise, spread, type Spread } from '../speed/statistics.js';
import { times } from '../speed/tables.js';
import { mebibytes, type Table } from '../table.js';
import { nothing } from './commands.js';

export interface StartRow {
  readonly command: string;
  readonly round: number;
  readonly seconds: number;
  readonly peakBytes: number;
}

export interface StartSummary {
  readonly command: string;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly timeOverNode: Spread;
  readonly memoryOverNode: number;
}

/** A line for each command, in their order of appearance. */
export function summariseStart(rows: readonly StartRow[]): StartSummary[] {
  const of = (command: string) => rows.filter((row) => row.command === command);
  const secondsOf = (some: readonly StartRow[]) => {
    const byRound: number[] = [];
    for (const { round, seconds } of some) byRound[round - 1] = seconds;
    return byRound;
  };
  const middle = (some: readonly StartRow[]) => median(some.map((row) => row.peakBytes));
  const node = of(nothing.name);
  return [...new Set(rows.map((row) => row.command))].map((command) => {
    const own = of(command);
    return {
      command,
      seconds: median(own.map((row) => row.seconds)),
      peakBytes: middle(own),
      timeOverNode: spread(pairwise(secondsOf(own), secondsOf(node))),
      memoryOverNode: middle(own) / middle(node),
    };
  });
}

/** The lines as a table. */
export const startTable = (summaries: readonly StartSummary[]): Table => ({
  heads: ['command', 'ms', 'over node -e 0', 'peak memory', 'over node -e 0'],
  rows: summaries.map((row) => [
    row.command,
    (1000 * row.seconds).toFixed(0),
    times(row.timeOverNode),
    mebibytes(row.peakBytes),
    row.memoryOverNode.toFixed(2),
  ]),
});
