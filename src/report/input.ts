/** What a report is made from, and the statistics that every part of it shares. */
import { decoupling as statistics } from '../analysis/index.js';
import type { Decoupling } from '../analysis/index.js';
import type { Experiment } from '../experiment/experiment.js';
import type { AnyRecord } from '../experiment/record.js';
import { printable } from '../experiment/printable.js';
import { inDisplayOrder } from './order.js';
import { verdictSentences } from './verdict.js';
import type { PlannedRun } from './page/data.js';

export interface ReportInput {
  readonly records: readonly AnyRecord[];
  /** Null if it is not known, as for a folder of which only the journal is left. */
  readonly experiment: Experiment | null;
  /** How the results came about (versions, machine, git commit): shown as it is. */
  readonly manifest: object;
  /** The command that gives these results. */
  readonly command: string;
  /** What the results are called where there is no experiment with a name. */
  readonly name?: string;
  /** All runs of the sweep, while it runs: the live page shows the missing ones as empty squares. */
  readonly planned?: readonly PlannedRun[];
}

/** The input in display order, with its statistics. */
export interface Analysed {
  readonly input: ReportInput;
  readonly records: readonly AnyRecord[];
  readonly decoupling: Decoupling;
  readonly verdict: readonly string[];
  readonly title: string;
}

/** The files and the terminal show one analysis. */
const analysed = new WeakMap<ReportInput, Analysed>();

/** `replicates`: of the bootstrap, fewer where a live page must be quick. */
export function analyse(input: ReportInput, replicates?: number): Analysed {
  const known = replicates === undefined ? analysed.get(input) : undefined;
  if (known) return known;
  const records = inDisplayOrder(input.records, input.experiment);
  const decoupling = statistics(records, replicates === undefined ? {} : { replicates });
  const verdict = verdictSentences(decoupling);
  const found = {
    input,
    records,
    decoupling,
    verdict,
    title: printable(input.experiment?.name ?? input.name ?? 'Results'),
  };
  if (replicates === undefined) analysed.set(input, found);
  return found;
}
