/** Two results side by side: where they have the same cells, how far apart they are. */
import { decoupling as statistics } from '../analysis/index.js';
import { measureOf, type AnyRecord } from '../experiment/record.js';
import { shown, wordsFor, type MeasureWords } from './measure.js';
import { printable } from '../experiment/printable.js';
import type { Grid } from '../experiment/grid.js';
import { cellsByError, panelsOf } from './panels.js';
import { byStage, type ReportInput } from './input.js';
import { inDisplayOrder } from './order.js';
import { pageData, type PageTable, type TableCell } from './page/data.js';
import { renderPage } from './page/html.js';
import { renderSummary, type TerminalOptions } from './terminal.js';
import { wrap } from './width.js';

/** A result and what to call it: its folder, usually. */
export interface Named extends ReportInput {
  readonly name: string;
}

/** One optimizer that both have, or only one of them. Differences are b minus a, shares of test images. */
export interface Pairing {
  readonly label: string;
  readonly bestA: number | null;
  readonly bestB: number | null;
  /** Cells (lr, wd) with a result in both. */
  readonly matched: number;
  /** Mean and standard error of the difference over matched cells; null without, or with a single one. */
  readonly difference: number | null;
  readonly standardError: number | null;
  /** Matched cells in which b is better, and in which the two are equal to the last bit. */
  readonly better: number;
  readonly equal: number;
}

function pairing(label: string, a: Grid | undefined, b: Grid | undefined): Pairing {
  const key = (c: { lr: number; wd: number }): string => `${String(c.lr)} ${String(c.wd)}`;
  const known = new Map((a?.cells ?? []).flat().flatMap((c) => (c.mean === null ? [] : [[key(c), c.mean]])));
  const differences = (b?.cells ?? []).flat().flatMap((c) => {
    const other = known.get(key(c));
    return c.mean === null || other === undefined ? [] : [c.mean - other];
  });
  const n = differences.length;
  const mean = n === 0 ? null : differences.reduce((sum, d) => sum + d, 0) / n;
  const error =
    n < 2 || mean === null
      ? null
      : Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1) / n);
  return {
    label,
    bestA: (a && cellsByError(a, 1)[0]?.mean) ?? null,
    bestB: (b && cellsByError(b, 1)[0]?.mean) ?? null,
    matched: n,
    difference: mean,
    standardError: error,
    better: differences.filter((d) => d < 0).length,
    equal: differences.filter((d) => d === 0).length,
  };
}

/** One Pairing per optimizer label of either result, a's order first. */
export function pairings(a: readonly AnyRecord[], b: readonly AnyRecord[]): Pairing[] {
  const [left, right] = [panelsOf(a), panelsOf(b)];
  const labels = [...new Set([...left, ...right].map((g) => g.label))];
  return labels.map((label) =>
    pairing(
      label,
      left.find((g) => g.label === label),
      right.find((g) => g.label === label),
    ),
  );
}

function sentence(p: Pairing, a: string, b: string, measure: MeasureWords): string {
  const value = (v: number | null) => shown(measure, v) + measure.unit.trim();
  const label = printable(p.label);
  if (p.bestA === null && p.bestB === null) return `${label} has no finished run in either result.`;
  if (p.bestA === null || p.bestB === null)
    return `${label} has finished runs only in ${p.bestA === null ? b : a}, so there is nothing to compare.`;
  const bests = `${label}: best ${measure.name} ${value(p.bestA)} in ${a}, ${value(p.bestB)} in ${b}`;
  if (p.matched === 0) return `${bests}; no cell (lr, wd) is in both.`;
  if (p.equal === p.matched)
    return `${bests}; all ${String(p.matched)} common cells have equal ${measure.name}s to the last bit.`;
  const spread = p.standardError === null ? '' : ` ± ${shown(measure, p.standardError)}`;
  return `${bests}; over ${String(p.matched)} common cells ${b} differs by ${shown(measure, p.difference)}${spread}${measure.points.replace(',', '')} (mean ± standard error) and is better in ${String(p.better)}.`;
}

function table(pairs: readonly Pairing[], a: string, b: string, measure: MeasureWords): PageTable {
  const numeric = (title: string) => ({ title, numeric: true });
  const share = (v: number | null): TableCell => [shown(measure, v), v];
  const unit = measure.unit === '' ? '' : ', %';
  return {
    columns: [
      { title: 'Optimizer', numeric: false },
      ...[`Best of ${a}${unit}`, `Best of ${b}${unit}`, 'Common cells', `Mean difference${measure.points}`, '± standard error', 'Better', 'Equal'].map(numeric), // prettier-ignore
    ],
    rows: pairs.map((p) => [
      [printable(p.label), printable(p.label)],
      share(p.bestA),
      share(p.bestB),
      [String(p.matched), p.matched],
      share(p.difference),
      share(p.standardError),
      [String(p.better), p.better],
      [String(p.equal), p.equal],
    ]),
  };
}

/** Records of both, labels carrying the result's name: they become panels side by side. */
const together = (results: readonly Named[]): AnyRecord[] =>
  results.flatMap((r) =>
    inDisplayOrder(r.records, r.experiment).map((record) => ({
      ...record,
      label: `${r.name}: ${record.label}`,
    })),
  );

/** Both with the records of their grids, under names that differ: the second of two equal names gets a number. */
function distinct(a: Named, b: Named): readonly [Named, Named] {
  const [left, right] = [
    { ...a, name: printable(a.name), records: byStage(a)[0] },
    { ...b, name: printable(b.name), records: byStage(b)[0] },
  ];
  return left.name === right.name ? [left, { ...right, name: `${right.name} (2)` }] : [left, right];
}

/** A self-contained page with both results' heatmaps, statistics, and their difference per optimizer. */
export function renderComparison(first: Named, second: Named): string {
  const [a, b] = distinct(first, second);
  const pairs = pairings(a.records, b.records);
  const measure = wordsFor(measureOf(a.records));
  const records = together([a, b]);
  // Differences between optimizers belong to each result's own report: here they would multiply into all pairs, and
  // trends over budgets would mix the two results.
  const decoupling = { ...statistics(records, { replicates: 200 }), comparisons: [], budgets: [] };
  const verdict = pairs.map((p) => sentence(p, a.name, b.name, measure));
  const data = pageData({ records, experiment: null, decoupling, verdict });
  return renderPage(
    { ...data, comparison: table(pairs, a.name, b.name, measure) },
    {
      title: `${a.name} and ${b.name}`,
      description: 'Two results side by side. Differences are the second minus the first.',
      command: `${a.command}\n${b.command}`,
      config: { [a.name]: a.experiment, [b.name]: b.experiment },
      manifest: { [a.name]: a.manifest, [b.name]: b.manifest },
      figures: [],
      live: false,
    },
  );
}

/** The same for the terminal: panels are too narrow for a folder's name, so they say `a` and `b`. */
export function renderComparisonText(first: Named, second: Named, options: TerminalOptions): string {
  const [a, b] = distinct(first, second);
  const measure = wordsFor(measureOf(a.records));
  const sentences = pairings(a.records, b.records).map((p) => sentence(p, a.name, b.name, measure));
  const lines = sentences.flatMap((s) => wrap(s, Math.max(20, options.width)));
  const key = `a: ${a.name}\nb: ${b.name}`;
  const panels = together([
    { ...a, name: 'a' },
    { ...b, name: 'b' },
  ]);
  return `${lines.join('\n')}\n\n${key}\n\n${renderSummary(panels, options)}`;
}
