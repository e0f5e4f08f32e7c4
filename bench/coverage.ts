/**
 * How often the interval of a best cell holds the truth, and how wide it is, where noise grows with the error and explodes
 * past a cliff. Run by `npm run bench:coverage`; `-- 500` sets the replications. docs/statistics.md has the table.
 * The oracle knows the noise of each cell: its width is 2 x 1.96 sigma / sqrt(seeds).
 */
import { decoupling } from '../src/analysis/index.js';
import { cliff, synthesise } from '../test/analysis/synthetic.js';

const replications = Number(process.argv[2] ?? 200);
const REPLICATES = 300;

/** Noise at the best error, seeds, lrs of the grid. */
const SCENARIOS = [
  [0.05, 3, 7],
  [0.1, 3, 7],
  [0.15, 3, 7],
  [0.1, 2, 7],
  [0.05, 5, 7],
  [0.1, 3, 5],
] as const;

for (const [noise, seeds, size] of SCENARIOS) {
  const ratios: number[] = [];
  let held = 0;
  for (let replication = 0; replication < replications; replication++) {
    const shape = cliff(-1, size, noise);
    const records = synthesise({ ...shape, label: 'a', seeds, replication });
    const { best } = decoupling(records, { replicates: REPLICATES, seed: replication }).optimizers[0]!;
    const { lr, wd, expected } = best!;
    const [truth, low, high] = [shape.error(lr, wd), expected.low!, expected.high!];
    held += Number(low <= truth && truth <= high);
    const oracle = (2 * 1.96 * shape.noise(lr, wd) * truth) / Math.sqrt(seeds);
    ratios.push((high - low) / oracle);
  }
  const middle = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)]!;
  const share = ((100 * held) / replications).toFixed(1);
  console.log(
    `noise ${noise}, ${seeds} seeds, ${size} x ${size + 1}: held ${share} %, median width ${middle.toFixed(2)} of the oracle's`,
  );
}
