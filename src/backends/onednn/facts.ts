/** What the onednn backend is here, told by its addon alone: without tfjs. */
import { addonOrigin, loadAddon } from './addon.js';

export interface OnednnFacts {
  /** oneDNN's. */
  readonly version: string;
  /** The instruction set that oneDNN uses, and that of this package's own kernels. */
  readonly isa: string;
  readonly threads: number;
  readonly device: string;
  /** Which addon computes: the local build or the platform package. */
  readonly addon: string;
}

/**
 * Loads the addon and says what it computes with; `threads` are from now on those of an operation, as in `loadOnednn`.
 * @throws BackendError that says what is missing and what to install
 */
export function describeOnednn({ threads }: { readonly threads: number }): OnednnFacts {
  const addon = loadAddon();
  addon.setThreads(threads);
  const { version, isa, kernels } = addon.facts();
  return {
    version,
    isa: `${isa}, own kernels ${kernels}`,
    threads,
    device: `CPU, ${isa}`,
    addon: addonOrigin(),
  };
}
