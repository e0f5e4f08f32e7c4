/** The child process of probe.ts: tries the backend named by its argument and sends the report to its parent. */
import { BACKEND_NAMES, type BackendName, type BackendReport } from './backend.js';
import { relativeDifference, smallGradient } from './check.js';
import { loadBackend, unavailable } from './index.js';
import { tensorflowHost } from './tensorflow.js';
import { tensorflowDetails } from './tensorflowDetails.js';

/** Float sums of a few hundred terms differ by their order; a wrong kernel differs by far more. */
const TOLERANCE = 1e-4;

async function probe(name: BackendName, thorough: boolean): Promise<BackendReport> {
  await loadBackend('cpu');
  const expected = await smallGradient();
  const report = await loadBackend(name);
  const difference = relativeDifference(await smallGradient(), expected);
  const details = thorough && name === 'tensorflow' ? tensorflowDetails(tensorflowHost.setUp?.()) : {};
  const facts = { ...report.facts, 'difference from cpu': difference.toExponential(1), ...details };
  if (difference <= TOLERANCE) return { ...report, facts };
  return {
    ...report,
    facts,
    available: false,
    reason: `it computes wrong gradients here (they differ from the cpu backend's by ${difference.toExponential(1)}).`,
    advice: 'Use another backend, and report this with the output of `adamw-bench doctor`.',
  };
}

const name = BACKEND_NAMES.find((known) => known === process.argv[2]);
if (name !== undefined) {
  const report = await probe(name, process.argv[3] === 'thorough').catch((error: unknown) =>
    unavailable(name, error),
  );
  // Native libraries may keep threads alive; the answer is all that is wanted of this process.
  process.send?.(report, () => process.exit(0));
}
