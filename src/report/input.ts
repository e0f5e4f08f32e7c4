/** What a report is made from, and the statistics that every part of it shares. */
import { confirmation, type Confirmation } from '../analysis/confirmation.js';
import { decoupling as statistics } from '../analysis/index.js';
import type { Decoupling } from '../analysis/index.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Choice, KeptChoice } from '../experiment/confirm.js';
import type { KeptEndpoints } from '../experiment/endpoints.js';
import { isImported, type AnyRecord, type RunRecord } from '../experiment/record.js';
import { printable } from '../experiment/printable.js';
import { choiceCautions } from './confirmation.js';
import { endpointSentences } from './endpoints.js';
import { inDisplayOrder } from './order.js';
import { verdictSentences } from './verdict.js';
import type { PlannedRun } from './page/data.js';

export interface ReportInput {
  readonly records: readonly AnyRecord[];
  /** Null if it is not known, as for a folder of which only the journal is left. */
  readonly experiment: Experiment | null;
  /** How the results came about (versions, machine, git commit): shown as it is. */
  readonly manifest: object;
  /** What the manifest keeps of endpoints. */
  readonly endpoints?: KeptEndpoints | undefined;
  /** What it keeps of a second stage; absent if there is none, or no choice yet. */
  readonly choice?: KeptChoice | undefined;
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
  /** Of the grid: the statistics, heatmaps and figures are of these alone. */
  readonly records: readonly AnyRecord[];
  /** Of the second stage, on fresh seeds; often none. */
  readonly confirmationRecords: readonly RunRecord[];
  /** Null until the cells of a second stage are chosen. */
  readonly confirmation: Confirmation | null;
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
  const { experiment, endpoints, choice: kept } = input;
  const [grid, own] = byStage(input);
  const records = inDisplayOrder(grid, experiment);
  const fresh = inDisplayOrder(own, experiment);
  const decoupling = statistics(records, replicates === undefined ? {} : { replicates });
  const { comparisons, level } = decoupling;
  const confirmed = kept ? confirmation(kept.choice, fresh, comparisons, level) : null;
  const answers = endpointSentences(experiment, endpoints, decoupling, confirmed);
  const cautions = kept ? choiceCautions(kept, nowChosen(kept.choice, decoupling)) : [];
  const found = {
    input,
    records,
    confirmationRecords: fresh,
    confirmation: confirmed,
    decoupling,
    verdict: [
      ...answers.map(printable),
      ...verdictSentences(decoupling, confirmed),
      ...cautions.map(printable),
    ],
    title: printable(experiment?.name ?? input.name ?? 'Results'),
  };
  if (replicates === undefined) analysed.set(input, found);
  return found;
}

/** Records of the grid, and of the second stage: the seed tells them apart. */
export function byStage({
  records,
  experiment,
  choice,
}: ReportInput): [grid: readonly AnyRecord[], confirmation: readonly RunRecord[]] {
  if (!choice) return [records, []];
  const [own, fresh] = [new Set(experiment?.train.seeds), new Set(choice.choice.seeds)];
  const isGrid = ({ cell: { seed } }: AnyRecord) => own.has(seed) || !fresh.has(seed);
  const isFresh = (record: AnyRecord): record is RunRecord => !isGrid(record) && !isImported(record);
  return [records.filter(isGrid), records.filter(isFresh)];
}

/** The best cells of the grid, where they are others than those that were chosen. */
function nowChosen({ chosen, by }: Choice, { optimizers, steps }: Decoupling): string | undefined {
  const best =
    by === 'steps' ? (steps?.best ?? []).map((cell) => ({ label: cell.label, best: cell })) : optimizers;
  const others = best.flatMap(({ label, best }) => {
    const old = chosen.find((c) => c.label === label && c.role === 'best');
    if (!best || (old?.lr === best.lr && old.wd === best.wd)) return [];
    return [`lr ${best.lr}, wd ${best.wd} for ${label}`];
  });
  return others.length > 0 ? others.join(' and ') : undefined;
}
