/** Which backend trains a folder's cells: a begun folder keeps its own, as cells of two backends do not add up. */
import { BackendError, chooseBackend, identityOf, type BackendReport } from '../backends/index.js';
import { requireXla } from '../backends/requireXla.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Manifest } from './manifest.js';

export interface Choice {
  readonly backend: BackendReport;
  /** What the user should know about it. */
  readonly notice?: string;
}

/**
 * @param before the folder's manifest as the last session left it
 * @throws BackendError where the configuration names a backend that cannot be used
 */
export async function backendFor(
  { backend: name, threads, xla }: Pick<Experiment, 'backend' | 'threads' | 'xla'>,
  before: Manifest | undefined,
): Promise<Choice> {
  const chosen = await chooseBackend(name, { threads });
  if (xla) requireXla(chosen);
  const last = before?.sessions.at(-1)?.backend;
  if (name !== 'auto' || last === undefined || identityOf(last) === identityOf(chosen)) {
    return { backend: chosen };
  }
  const kept = await chooseBackend(last.name, { threads }).catch((error: unknown) => error as Error);
  if (kept instanceof Error) return { backend: chosen, notice: whyLeft(last.name, chosen.name, kept) };
  if (identityOf(kept) !== identityOf(last))
    return { backend: chosen, notice: whyLeft(last.name, chosen.name, 'it runs on another device here.') };
  return {
    backend: kept,
    notice: `This folder was begun with backend ${last.name}, and goes on with it. \`auto\` would take ${chosen.name} now: to train with that, choose another folder with --out, or add --set backend=${chosen.name}.`,
  };
}

/** Cells that another backend has trained do not count, so the user should know before hours of training. */
function whyLeft(before: string, now: string, why: Error | string): string {
  const reason = why instanceof BackendError ? [why.reason, why.advice].join(' ') : String(why);
  return `This folder was begun with backend ${before}, which cannot be used now: ${reason} It goes on with ${now}, which trains its cells anew: to keep them, stop here and run the command again once ${before} works.`;
}
