/** From turns to a table: milliseconds, images a second, memory, and ratios by round. */
import { median, pairwise, spread, type Spread } from '../speed/statistics.js';
import { times } from '../speed/tables.js';
import { mebibytes, significant, type Table } from '../table.js';
import { engines, isPeer, type Engine } from './contenders.js';
import type { TurnRow } from './measure.js';

export interface CaseSummary {
  readonly model: string;
  readonly batchSize: number;
  readonly engine: Engine;
  readonly msPerStep: Spread;
  readonly imagesPerSecond: number;
  readonly peakMemory: number;
  /** Speed over the quicker one of the two tf.functions, by round; undefined for themselves. */
  readonly overFunction: Spread | undefined;
  /** Speed over tfjs's own eager steps, by round. */
  readonly overTfjs: Spread | undefined;
}

const msByRound = (rows: readonly TurnRow[]): (number | undefined)[] => {
  const values: (number | undefined)[] = [];
  for (const { round, msPerStep } of rows) values[round - 1] = msPerStep;
  return Array.from(values);
};

/** How many times as fast: the other's milliseconds over one's own. */
function over(other: readonly TurnRow[], own: readonly TurnRow[]): Spread | undefined {
  const ratios = pairwise(msByRound(other), msByRound(own));
  return ratios.length > 0 ? spread(ratios) : undefined;
}

const middle = (rows: readonly TurnRow[]) => median(rows.map((row) => row.msPerStep));

/** The engines of one case. */
function summariseCase(rows: readonly TurnRow[]): CaseSummary[] {
  const of = (engine: Engine) => rows.filter((row) => row.engine === engine);
  const [plain, jit] = [of('tf.function'), of('tf.function, jit')];
  const best = jit.length > 0 && (plain.length === 0 || middle(jit) < middle(plain)) ? jit : plain;
  return engines.flatMap((engine) => {
    const own = of(engine);
    if (own.length === 0) return [];
    const { model, batchSize, peakMemory } = own[0]!;
    return {
      model,
      batchSize,
      engine,
      msPerStep: spread(own.map((row) => row.msPerStep)),
      imagesPerSecond: (1000 * batchSize) / middle(own),
      peakMemory,
      overFunction: isPeer(engine) ? undefined : over(best, own),
      overTfjs: engine === 'tfjs' ? undefined : over(of('tfjs'), own),
    };
  });
}

/** A line for each case and engine, in their order of appearance. */
export function summariseTurns(rows: readonly TurnRow[]): CaseSummary[] {
  const keyOf = (row: TurnRow) => `${row.model} ${row.batchSize}`;
  return [...new Set(rows.map(keyOf))].flatMap((key) =>
    summariseCase(rows.filter((row) => keyOf(row) === key)),
  );
}

/** The lines as a table. */
export const turnsTable = (summaries: readonly CaseSummary[]): Table => ({
  heads: [
    'network',
    'engine',
    'batch',
    'ms a step',
    'images/s',
    'peak memory',
    'over tf.function’s best',
    'over tfjs',
  ],
  rows: summaries.map((row) => [
    row.model,
    row.engine,
    String(row.batchSize),
    row.msPerStep.median.toPrecision(3),
    significant(row.imagesPerSecond),
    mebibytes(row.peakMemory),
    row.overFunction ? times(row.overFunction) : '',
    row.overTfjs ? times(row.overTfjs) : '',
  ]),
});
