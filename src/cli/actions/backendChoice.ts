/** Which backend a run would take here, and why: what `plan` says of it. */
import {
  BackendError,
  chooseBackend,
  identityOf,
  type BackendName,
  type BackendReport,
} from '../../backends/index.js';
import { withoutStop } from '../../errors/sentence.js';
import type { Experiment } from '../../experiment/experiment.js';

export interface Choice {
  readonly backend: BackendName;
  /** What cells would say of it. */
  readonly identity: string;
  /** A sentence without its full stop. */
  readonly why: string;
  readonly text: string;
}

/** Never throws for a backend that cannot be used here: a plan may be made on another machine than its run. */
export async function describeChoice({
  backend: wanted,
  threads,
}: Pick<Experiment, 'backend' | 'threads'>): Promise<Choice> {
  try {
    const report = await chooseBackend(wanted, { threads });
    const { name, device } = report;
    const why = wanted === 'auto' ? reasonOf(report) : 'the configuration names it';
    return {
      backend: name,
      identity: identityOf(report),
      why,
      text: `backend ${name}${device === undefined ? '' : ` (${device})`}: ${why}`,
    };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    const why = `cannot be used here, as ${withoutStop(error.reason)}`;
    return { backend: error.backend, identity: error.backend, why, text: `backend ${error.backend} ${why}` };
  }
}

function reasonOf({ passed = [] }: BackendReport): string {
  const others = passed.map(({ name, why }) => `${name}: ${withoutStop(why)}`);
  return ['auto takes the first that works', ...others].join('; ');
}
