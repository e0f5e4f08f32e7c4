/** Results in a folder that do not count now, and what the user can do, so that nobody trains cells twice unknowingly. */
import { backendOfIdentity } from '../backends/identity.js';
import type { RunRecord } from '../experiment/record.js';
import type { Job } from '../experiment/plan.js';
import type { Manifest } from './manifest.js';

/**
 * A sentence for each kind of record in the journal that another version of the arithmetic, or another backend, has
 * left; none for cells that only another configuration had.
 * @param before the folder's manifest as the last session left it, which names the version that trained them
 */
export function leftoverNotices(
  records: readonly RunRecord[],
  jobs: readonly Job[],
  before?: Manifest,
): string[] {
  const now = jobs[0]?.cell;
  if (!now) return [];
  const others = new Map(records.map(({ cell }) => [cell.id, cell]));
  for (const { cell } of jobs) others.delete(cell.id);
  const left = [...others.values()];
  // Of another version and of another backend: only the version is told, as the backend alone would not help.
  const outdated = left.filter(({ numerics }) => numerics !== now.numerics);
  const foreign = left.filter(
    ({ numerics, backend }) => numerics === now.numerics && backend !== now.backend,
  );
  return [
    ...(outdated.length > 0 ? [versionNotice(outdated, now, trainerOf(outdated, before))] : []),
    ...(foreign.length > 0 ? [backendNotice(foreign, now)] : []),
  ];
}

type Cells = readonly Job['cell'][];

const listed = (values: readonly (string | number)[]) => [...new Set(values)].sort().join(', ');

function versionNotice(cells: Cells, { numerics }: Job['cell'], trainer: string): string {
  const theirs = listed(cells.map((cell) => cell.numerics));
  return `${count(cells)} computed by another version of the arithmetic (${theirs}, now ${numerics}): they do not count, because their numbers differ from this version's. They stay in runs.jsonl, but tables and figures here will be without them. To keep the present tables and figures, choose another folder with --out. To go on with them, use ${trainer}.`;
}

function backendNotice(cells: Cells, { backend }: Job['cell']): string {
  const theirs = listed(cells.map((cell) => cell.backend));
  const what = `${count(cells)} trained with backend ${theirs}, not ${backend}: they do not count, because float sums differ between backends.`;
  const name = backendOfIdentity(cells[0]!.backend);
  // TensorFlow on a GPU and on a CPU: no setting leads from one to the other.
  return name === backendOfIdentity(backend)
    ? `${what} To go on with them, run where TensorFlow finds the same kind of device.`
    : `${what} To go on with them, add --set backend=${name}.`;
}

const count = ({ length }: Cells) => (length === 1 ? '1 cell here was' : `${length} cells here were`);

/** The program that trained these cells, as far as the manifest is about them. */
function trainerOf(cells: Cells, before: Manifest | undefined): string {
  if (!before || !cells.some(({ numerics }) => numerics === before.numerics)) {
    return 'the version of adamw-bench that trained them';
  }
  const commit = before.gitRevision ? ` at commit ${before.gitRevision.slice(0, 12)}` : '';
  return `the version that trained them, adamw-bench ${before.adamwBench}${commit}`;
}
