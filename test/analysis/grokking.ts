/** Records of runs on equations whose steps to generalise are known, without training. */
import type { RunRecord } from '../../src/experiment/record.js';
import { sweepRecords } from '../report/records.js';

/** 60 equations in batches of 20: three steps an epoch. */
export const PER_EPOCH = 3;

export interface GrokRun {
  readonly label?: string;
  readonly lr?: number;
  readonly wd?: number;
  readonly seed?: number;
  /** Epochs of the run, and those after which training and test error are low; null: never. */
  readonly epochs?: number;
  readonly fit?: number | null;
  readonly generalise: number | null;
  /** From this epoch on the test error is high again. */
  readonly relapse?: number;
  readonly status?: RunRecord['status'];
}

const templates = sweepRecords({ lrs: [2 ** -9], wds: [0], seeds: [0], epochs: 1 });

/** Labels containing a `w` are decoupled. */
export function grokRun({
  label = 'AdamW',
  lr = 0.001,
  wd = 1,
  seed = 0,
  epochs = 100,
  ...run
}: GrokRun): RunRecord {
  const { fit = 2, generalise, relapse = Infinity, status = 'ok' } = run;
  const template = templates[/w/i.test(label) ? 1 : 0]!;
  const error = (epoch: number, from: number | null) => (from !== null && epoch >= from ? 0.01 : 0.97);
  const found = Array.from({ length: epochs }, (_, i) => ({
    ...template.epochs[0]!,
    epoch: i + 1,
    trainError: error(i + 1, fit),
    testError: i + 1 >= relapse ? 0.5 : error(i + 1, generalise),
  }));
  return {
    ...template,
    label,
    status,
    epochs: found,
    finalTestError: status === 'ok' ? found.at(-1)!.testError : status === 'diverged' ? 0.9 : null,
    cell: {
      ...template.cell,
      id: [label, lr, wd, seed]
        .join()
        .replace(/[^0-9a-f]/g, '')
        .padStart(16, '0')
        .slice(-16),
      dataset: { name: 'modular', op: 'add', p: 11, share: 60 / 121, subsetSeed: 0, labelNoise: 0 },
      model: {
        name: 'transformer',
        layers: 1,
        width: 32,
        heads: 2,
        norm: false,
      } as RunRecord['cell']['model'],
      epochs,
      batchSize: 20,
      lr,
      wd,
      seed,
    },
  };
}
