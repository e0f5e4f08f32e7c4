/** Whether a backend can compile, told from its report alone: without tfjs. */
import { BackendError, type BackendReport } from './backend.js';

export const cannotCompile = () =>
  new BackendError(
    'tensorflow',
    '`xla: true` needs a TensorFlow that records steps, and the one here does not.',
    'Run `adamw-bench setup tensorflow` (or `cuda`), again if that was done before, or leave `xla` out.',
  );

/** @throws BackendError where a backend cannot compile */
export function requireXla({ records }: BackendReport): void {
  if (records !== true) throw cannotCompile();
}
