/** Which backend a run would take here, and why: what `plan` says of it. */
import { chooseBackend, type BackendReport } from '../../backends/index.js';
import type { Experiment } from '../../experiment/experiment.js';

export interface Choice {
  readonly backend: BackendReport;
  /** A sentence without its full stop. */
  readonly why: string;
  readonly text: string;
}

/** @throws BackendError where the configuration names a backend that cannot be used */
export async function describeChoice({
  backend: wanted,
  threads,
}: Pick<Experiment, 'backend' | 'threads'>): Promise<Choice> {
  const backend = await chooseBackend(wanted, { threads });
  const why = wanted === 'auto' ? reasonOf(backend) : 'the configuration names it';
  const { name, device } = backend;
  return { backend, why, text: `backend ${name}${device === undefined ? '' : ` (${device})`}: ${why}` };
}

function reasonOf({ passed = [] }: BackendReport): string {
  const others = passed.map(({ name, why }) => `${name}: ${why.replace(/\.$/, '')}`);
  return ['auto takes the first that works', ...others].join('; ');
}
