/** The backends: their names, and a report on each. */
import { ReportedError } from '../errors/reported.js';

/** The backends by their names in the configuration file. */
export type BackendName = 'tensorflow' | 'webgpu' | 'onednn' | 'wasm' | 'cpu';

/** Every backend, in the order in which `adamw-bench doctor` lists them. */
export const BACKEND_NAMES: readonly BackendName[] = ['tensorflow', 'webgpu', 'onednn', 'wasm', 'cpu'];

/** What sort of device a GPU is. `unknown`: its name does not tell a discrete one from one within the processor. */
export type AdapterKind = 'discrete' | 'apple' | 'integrated' | 'software' | 'unknown';

/** A backend that `auto` did not take, and why: what follows "it" or the backend's name. */
export interface PassedOver {
  readonly name: BackendName;
  readonly why: string;
}

export interface BackendReport {
  readonly name: BackendName;
  readonly available: boolean;
  /** What computes: `GPU`, `CPU (TensorFlow)`, `CPU, AVX2`, ... */
  readonly device?: string;
  readonly version?: string;
  readonly threads?: number;
  /** tensorflow: whether it records steps and runs them as one call, compiled by XLA if asked for. */
  readonly records?: boolean;
  /** webgpu: what sort of device it found. */
  readonly adapter?: AdapterKind;
  /** Where `auto` chose it: why it passed each backend over that comes before it. */
  readonly passed?: readonly PassedOver[];
  /** Further facts worth a line each in `doctor`. */
  readonly facts?: Record<string, string>;
  /** Why it is not available, as a sentence. */
  readonly reason?: string;
  /** What the user can do about it, as a sentence. */
  readonly advice?: string;
}

/** What ends the fact of a report that says why `auto` has passed a backend over. */
export const NOT_USED = ' not used';

/** Why `auto` has passed faster backends over, a sentence for each. */
export const passedOver = ({ facts = {} }: BackendReport): string[] =>
  Object.entries(facts)
    .filter(([key]) => key.endsWith(NOT_USED))
    .map(([key, why]) => `Backend ${key}: ${why} \`adamw-bench doctor\` says what to do.`);

/** A backend that cannot be used here: `reason` says why, `advice` what to do. */
export class BackendError extends ReportedError {
  constructor(
    readonly backend: BackendName,
    readonly reason: string,
    readonly advice: string,
    code?: string,
  ) {
    super(`The ${backend} backend cannot be used: ${reason}`, {
      code: 'backend-unusable',
      ...(code === undefined ? {} : { code }),
      remedy: advice,
    });
  }
}
