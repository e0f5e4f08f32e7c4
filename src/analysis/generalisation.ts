/** Test error at equal training loss (the paper's Fig. 3) in one number. */
import { quantileSorted } from 'simple-statistics';
import { stream, type Stream } from '../random/stream.js';
import { objectiveOf, type AnyRecord } from '../experiment/record.js';
import type { BootstrapPlan, Sampled } from './bootstrap.js';
import type { Estimate, Generalisation } from './statistics.js';
import { estimate, noEstimate } from './estimate.js';
import { evaluateCurve, isotonic } from './isotonic.js';

/** Points of one optimizer, sorted by training loss; `cluster` numbers the (lr, wd) cell they came from. */
export interface LossPoints {
  /** ln training loss. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly cluster: Int32Array;
  readonly clusters: number;
  readonly runs: number;
}

const EPOCHS_PER_RUN = 20;
const CURVE_POINTS = 64;
/** The fits are compared between these quantiles of the training losses: beyond them there are too few points. */
const TRIM = 0.05;
const MIN_CELLS = 5;
/** At most this many points times replicates, so that the largest results take a second or two. */
const MAX_WORK = 8_000_000;
/** Most points of one optimizer. With more than MAX_POINTS / 20 runs, fewer epochs of each are taken. */
const MAX_POINTS = 20_000;

/** The (training loss, test error) points of the finished runs: last epochs, or up to 20 epochs of each run. */
export function lossPoints(records: readonly AnyRecord[], points: 'final' | 'epochs'): LossPoints {
  const clusterOf = new Map<string, number>();
  const found: { x: number; y: number; cluster: number }[] = [];
  let runs = 0;
  const finished = records.filter((record) => record.status === 'ok');
  const perRun = Math.max(1, Math.min(EPOCHS_PER_RUN, Math.floor(MAX_POINTS / finished.length)));
  for (const record of finished) {
    const usable = pairs(record, points, perRun).filter(
      ([loss, e]) => loss > 0 && Number.isFinite(loss) && e >= 0,
    );
    if (usable.length === 0) continue;
    runs++;
    const key = `${record.cell.lr} ${record.cell.wd}`;
    const cluster = clusterOf.get(key) ?? clusterOf.size;
    clusterOf.set(key, cluster);
    for (const [loss, error] of usable) found.push({ x: Math.log(loss), y: error, cluster });
  }
  found.sort((a, b) => a.x - b.x || a.y - b.y);
  return {
    x: Float64Array.from(found, (p) => p.x),
    y: Float64Array.from(found, (p) => p.y),
    cluster: Int32Array.from(found, (p) => p.cluster),
    clusters: clusterOf.size,
    runs,
  };
}

function pairs(record: AnyRecord, points: 'final' | 'epochs', perRun: number): [number, number][] {
  if (points === 'final') {
    const { finalTrainLoss: loss } = record;
    const error = objectiveOf(record);
    return loss === null || error === null || !Number.isFinite(error) ? [] : [[loss, error]];
  }
  const step = Math.max(1, Math.ceil(record.epochs.length / perRun));
  const kept = record.epochs.filter((_, k) => (record.epochs.length - 1 - k) % step === 0);
  return kept.filter((e) => Number.isFinite(e.testError)).map((e) => [e.trainLoss, e.testError]);
}

/**
 * Test error of b minus a at equal training loss. Both are fitted by isotonic regression on ln training loss. `names`
 * names the random stream. `shareOfWork`: this pair's share of MAX_WORK.
 */
export function generalisation(
  a: LossPoints,
  b: LossPoints,
  plan: BootstrapPlan,
  names: readonly [string, string],
  shareOfWork = 1,
): Generalisation {
  const runs = [a.runs, b.runs] as const;
  const nothing = (reason: string): Generalisation => ({
    difference: noEstimate(reason),
    relative: noEstimate(reason),
    range: null,
    runs,
    curve: [],
  });
  if (Math.min(a.clusters, b.clusters) < MIN_CELLS)
    return nothing(`Fewer than ${MIN_CELLS} cells of one of the two finished with a training loss.`);
  const low = Math.max(quantileSorted([...a.x], TRIM), quantileSorted([...b.x], TRIM));
  const high = Math.min(quantileSorted([...a.x], 1 - TRIM), quantileSorted([...b.x], 1 - TRIM));
  if (!(high > low)) return nothing('The two did not reach a common range of training losses.');
  const at = Array.from({ length: CURVE_POINTS }, (_, k) => low + ((high - low) * k) / (CURVE_POINTS - 1));
  const curveA = fitted(a, new Float64Array(a.x.length).fill(1), at);
  const curveB = fitted(b, new Float64Array(b.x.length).fill(1), at);
  const sampled = resample(a, b, at, plan, names, shareOfWork);
  const rule = { interval: 'percentile', unbias: false, bounds: [-Infinity, Infinity] } as const;
  const none = 'The two have no results at common training losses to compare.';
  const log = estimate(sampled.logRatio, rule, plan.level, none);
  return {
    difference: estimate(sampled.difference, rule, plan.level, none),
    relative: fromLogRatio(log),
    range: [Math.exp(low), Math.exp(high)],
    runs,
    curve: at.map((x, k) => ({ trainLoss: Math.exp(x), a: curveA[k]!, b: curveB[k]! })),
  };
}

/** An estimate of ln(b / a) as b / a - 1. */
export function fromLogRatio(log: Estimate): Estimate {
  const share = (v: number | null) => (v === null ? null : Math.expm1(v));
  return { ...log, value: share(log.value), low: share(log.low), high: share(log.high) };
}

function fitted(points: LossPoints, weights: Float64Array, at: readonly number[]): number[] {
  return evaluateCurve(isotonic(points.x, points.y, weights), at);
}

const meanOf = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Draws whole cells with replacement, all their seeds and epochs together, on both sides. */
function resample(
  a: LossPoints,
  b: LossPoints,
  at: readonly number[],
  plan: BootstrapPlan,
  names: readonly [string, string],
  shareOfWork: number,
): { difference: Sampled; logRatio: Sampled } {
  const affordable = Math.floor((MAX_WORK * shareOfWork) / (a.x.length + b.x.length));
  const replicates = Math.min(plan.replicates, Math.max(200, affordable));
  const random = stream(plan.seed, 'generalisation', ...names);
  const average = (points: LossPoints, weights: Float64Array) => meanOf(fitted(points, weights, at));
  const [meanA, meanB] = [a, b].map((p) => average(p, new Float64Array(p.x.length).fill(1))) as [
    number,
    number,
  ];
  const difference = new Float64Array(replicates);
  const logRatio = new Float64Array(replicates);
  for (let r = 0; r < replicates; r++) {
    const drawnA = average(a, clusterWeights(a, random));
    const drawnB = average(b, clusterWeights(b, random));
    difference[r] = drawnB - drawnA - (meanB - meanA);
    logRatio[r] = Math.log(drawnB / drawnA) - Math.log(meanB / meanA);
  }
  return {
    difference: { value: meanB - meanA, deviations: difference, freedom: Infinity },
    logRatio: { value: Math.log(meanB / meanA), deviations: logRatio, freedom: Infinity },
  };
}

function clusterWeights(points: LossPoints, random: Stream): Float64Array {
  const counts = new Int32Array(points.clusters);
  for (let k = 0; k < points.clusters; k++) {
    const drawn = Math.floor(random.uniform() * points.clusters);
    counts[drawn] = counts[drawn]! + 1;
  }
  // A plain loop: Float64Array.from with a function is twenty times slower, and this is the bootstrap's inner loop.
  const weights = new Float64Array(points.cluster.length);
  for (let i = 0; i < weights.length; i++) weights[i] = counts[points.cluster[i]!]!;
  return weights;
}
