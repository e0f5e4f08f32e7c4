/** XLA, TensorFlow's compiler, for the computations that are repeated: the setting `xla` of a configuration. */
import { engine } from './tfjs.js';
import { cannotCompile } from './requireXla.js';

/** The additional method of a backend that can compile. */
export interface CompilingBackend {
  useXla(on: boolean): void;
}

const current = () => engine().backend as unknown as Partial<CompilingBackend>;

/** Whether the current backend can. */
export const canUseXla = (): boolean => current().useXla !== undefined;

/**
 * Has XLA compile what `repeat` runs from now on, or not. Compiled and other computations never share a recording.
 * @throws BackendError where it is on and the current backend cannot
 */
export function useXla(on: boolean): void {
  const { useXla: use } = current();
  if (use) use(on);
  else if (on) throw cannotCompile();
}
