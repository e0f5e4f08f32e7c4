/** What the onednn backend is here, told by its addon alone: without tfjs. */
import { loadAddon } from './addon.js';

export interface OnednnFacts {
  /** oneDNN's. */
  readonly version: string;
  /** The instruction set that oneDNN uses, and that of this package's own kernels. */
  readonly isa: string;
  readonly threads: number;
  readonly device: string;
}

/**
 * Loads the addon and says what it computes with; `threads` are from now on those of an operation, as in `loadOnednn`.
 * @throws Error with a sentence that says what is missing and what to install
 */
export function describeOnednn({ threads }: { readonly threads: number }): OnednnFacts {
  const addon = loadAddon();
  addon.setThreads(threads);
  const { version, isa, kernels } = addon.facts();
  return { version, isa: `${isa}, own kernels ${kernels}`, threads, device: `CPU, ${isa}` };
}
