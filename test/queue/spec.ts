/** A tiny sweep as it stands in Redis, for tests that need no coordinator. */
import { experimentSchema } from '../../src/experiment/experiment.js';
import { jobPacker, parseSpec, type SweepSpec } from '../../src/queue/payload.js';
import { plan } from '../../src/experiment/plan.js';
import { packageVersion } from '../../src/files/version.js';
import { NUMERICS } from '../../src/experiment/cell.js';
import type { RunRecord } from '../../src/experiment/record.js';

const experiment = experimentSchema.parse({
  name: 'slow',
  dataset: { name: 'synthetic-mnist', train: 64, test: 64 },
  model: { name: 'mlp', hidden: [4] },
  train: { epochs: 2, batchSize: 16, seeds: [0] },
  optimizers: ['adam'],
  grid: { lr: [0.001], wd: [0] },
});

/** The sweep's only job, and what that job carries. */
export const job = [...plan(experiment, 'cpu').jobs()][0]!;
export const jobData = jobPacker().pack(job).data;

/** The sweep's description, with changes; its cells are of the data set that it states. */
export function specWith(changes: Partial<SweepSpec> = {}): SweepSpec {
  const dataset = changes.dataset ?? experiment.dataset;
  const { variants, pack } = jobPacker();
  [...plan({ ...experiment, dataset }, 'cpu').jobs()].forEach(pack);
  const parsed = parseSpec(
    JSON.stringify({
      format: 1,
      name: 'slow',
      version: packageVersion,
      numerics: NUMERICS,
      fingerprint: 'f',
      dataset,
      backend: 'cpu',
      threads: 1,
      variants,
      policy: { epochs: 0, seconds: 60 },
      limits: { timeout: 0, hang: 600, memory: 0 },
      stall: 1000,
      shareBytes: 1e6,
      keepWeights: false,
      ...changes,
    }),
  );
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.spec;
}

/** A record of the job, as a worker would have it. */
export const record: RunRecord = {
  ...job,
  status: 'ok',
  epochs: [1, 2].map((epoch) => ({
    epoch,
    lr: 0.1,
    trainLoss: 1.5,
    trainError: 0.5,
    testLoss: 1.25,
    testError: 0.25,
    thetaNorm: 3,
    imagesPerSecond: 100,
    seconds: 0.5,
  })),
  finalTestError: 0.25,
  finalTrainLoss: 1.5,
  attempts: 1,
  startedAt: '2020-01-01T00:00:00.000Z',
  seconds: 1,
  peakMemory: 1e8,
};
