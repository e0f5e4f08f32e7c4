/**
 * A backend's name in a cell's identity. TensorFlow's kernels for a GPU and those for a CPU give other numbers, so
 * they are two; every other backend is called by its name.
 */
import { BackendError, type BackendName, type BackendReport } from './backend.js';

const TENSORFLOW_GPU = 'tensorflow-gpu';

/** What cells are called after that this backend trains. */
export const identityOf = ({ name, device }: Pick<BackendReport, 'name' | 'device'>): string =>
  name === 'tensorflow' && device === 'GPU' ? TENSORFLOW_GPU : name;

/** The backend that trains such cells, as configurations name it. */
export const backendOfIdentity = (identity: string): BackendName =>
  (identity === TENSORFLOW_GPU ? 'tensorflow' : identity) as BackendName;

/** Whether such cells are trained by CUDA, which the environment tells which GPU to use. */
export const usesCuda = (identity: string): boolean => identity === TENSORFLOW_GPU;

/** Refuses a backend that runs on another kind of device than the cells' own. @throws BackendError */
export function requireIdentity(identity: string, report: BackendReport): void {
  const found = identityOf(report);
  if (found === identity) return;
  const [cells, here] = usesCuda(identity) ? ['a GPU', 'the CPU'] : ['the CPU', 'a GPU'];
  throw new BackendError(
    report.name,
    `the cells are trained on ${cells}, and TensorFlow runs on ${here} here.`,
    '`adamw-bench doctor` shows why. To train them here as other cells, choose another folder with --out.',
  );
}
