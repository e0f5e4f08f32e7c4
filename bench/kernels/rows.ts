/** From timed calls to rows: one for each kernel and shape, the worst first. */
import { median } from '../speed/statistics.js';
import { decimals, percent, significant, type Table } from '../table.js';
import { workOf, type Call } from './work.js';

/** A call of one network's step, with seconds of one call and GFLOP/s of a core, both round by round. */
export interface Timed {
  readonly model: string;
  readonly call: Call;
  /** How often a step makes it. */
  readonly count: number;
  readonly seconds: readonly number[];
  /** Empty where the peak is not known. */
  readonly peaks: readonly number[];
}

export interface KernelRow {
  readonly kernel: string;
  readonly shape: string;
  readonly networks: readonly string[];
  /** Median of one call, over all networks that make it. */
  readonly ms: number;
  /** undefined for kernels that memory limits. */
  readonly gflops: number | undefined;
  readonly shareOfPeak: number | undefined;
  readonly gigabytesPerSecond: number;
  /** By network: milliseconds that a step spends in it. */
  readonly msInStep: Readonly<Record<string, number>>;
}

/** Shares of the peak, each in its round. */
const sharesOf = (flops: number | undefined, { seconds, peaks }: Timed): number[] =>
  seconds.flatMap((value, round) => {
    const peak = peaks[round];
    return flops === undefined || peak === undefined ? [] : flops / value / (peak * 1e9);
  });

function rowOf(group: readonly Timed[]): KernelRow {
  const { call } = group[0]!;
  const { shape, flops, bytes } = workOf(call);
  const seconds = median(group.flatMap((one) => one.seconds));
  const shares = group.flatMap((one) => sharesOf(flops, one));
  return {
    kernel: call.kernel,
    shape,
    networks: group.map(({ model }) => model),
    ms: 1000 * seconds,
    gflops: flops && flops / seconds / 1e9,
    shareOfPeak: shares.length > 0 ? median(shares) : undefined,
    gigabytesPerSecond: bytes / seconds / 1e9,
    msInStep: Object.fromEntries(group.map((one) => [one.model, 1000 * one.count * median(one.seconds)])),
  };
}

/** One group for each kernel and shape, of all networks. */
function grouped(timed: readonly Timed[]): Timed[][] {
  const groups = new Map<string, Timed[]>();
  for (const one of timed) {
    const key = JSON.stringify([one.call.kernel, workOf(one.call).shape, workOf(one.call).bytes]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

/** How good a kernel is, to sort by: products by speed against the peak, which is the same for all, others by GB/s. */
const merit = (row: KernelRow) => row.shareOfPeak ?? row.gflops ?? row.gigabytesPerSecond;

/** Products first, then what memory limits; in both the worst first. */
export function kernelRows(timed: readonly Timed[]): KernelRow[] {
  const rows = grouped(timed).map(rowOf);
  const isProduct = (row: KernelRow) => row.gflops !== undefined;
  const worstFirst = (some: KernelRow[]) => some.sort((a, b) => merit(a) - merit(b));
  return [...worstFirst(rows.filter(isProduct)), ...worstFirst(rows.filter((row) => !isProduct(row)))];
}

const stepCell = ({ msInStep }: KernelRow) =>
  Object.entries(msInStep)
    .map(([model, ms]) => `${model} ${significant(ms, 2)}`)
    .join(', ');

/** Two tables: convolutions and products by share of the peak, everything else by memory. */
export function kernelTable(rows: readonly KernelRow[]): [Table, Table] {
  const products = rows.filter(({ gflops }) => gflops !== undefined);
  const others = rows.filter(({ gflops }) => gflops === undefined);
  return [
    {
      heads: ['kernel', 'shape', 'of peak', 'GFLOP/s', 'ms', 'ms in a step of'],
      rows: products.map((row) => [
        row.kernel,
        row.shape,
        percent(row.shareOfPeak),
        decimals(row.gflops, 1),
        row.ms.toPrecision(3),
        stepCell(row),
      ]),
    },
    {
      heads: ['kernel', 'sizes', 'GB/s', 'ms', 'ms in a step of'],
      rows: others.map((row) => [
        row.kernel,
        row.shape,
        decimals(row.gigabytesPerSecond, 1),
        row.ms.toPrecision(3),
        stepCell(row),
      ]),
    },
  ];
}
