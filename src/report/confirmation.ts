/** The second stage for readers: sentences of the verdict, and a short section for the terminal and for the page. */
import { favoursOf, MOST_SEEDS, type Measure, type PairFacts, type VerdictFacts } from '../analysis/facts.js';
import {
  pairedOf,
  seedsNeeded,
  type Confirmation,
  type ConfirmedCell,
  type ConfirmedPair,
} from '../analysis/confirmation.js';
import { choiceWords, type KeptChoice } from '../experiment/confirm.js';
import { printable } from '../experiment/printable.js';
import { shortNumber } from './format.js';
import { displayWidth, wrap } from './width.js';

/** The facts of the verdict, with what the second stage says of the pairs' errors in place of what the grid says. */
export function confirmedFacts(facts: VerdictFacts, found: Confirmation | null): VerdictFacts {
  if (facts.kind !== 'pairs' || !found || found.missing > 0) return facts;
  const confirmed = (pair: PairFacts): PairFacts => ({ ...pair, error: confirmedError(pair, found) });
  return { ...facts, first: confirmed(facts.first), others: facts.others.map(confirmed) };
}

/** It is unknown where fewer than two fresh seeds have a result of both: the grid has chosen, so it does not judge. */
function confirmedError({ a, b, error }: PairFacts, found: Confirmation): Measure {
  const pair = pairedOf(found, a.label, b.label);
  const difference = { value: pair?.mean ?? null, low: pair?.low ?? null, high: pair?.high ?? null };
  const seeds = pair?.n ?? 0;
  const favours = favoursOf(difference, 'less');
  const needed = pair && favours === 'open' ? seedsNeeded(pair, found.level) : null;
  const more = needed === null || needed > MOST_SEEDS ? null : Math.max(needed, seeds + 1);
  return { ...error, difference, favours, seeds, seedsNeeded: more };
}

/** What the fresh seeds say of two optimizers, and what is missing or failed. Labels are not escaped. */
export function confirmationSentences(
  found: Confirmation,
  [one, other]: readonly [string, string],
): string[] {
  if (found.missing > 0) return [incomplete(found)];
  const pair = found.pairs.find(({ a, b }) => a === one && b === other);
  const failed = found.cells.reduce((sum, cell) => sum + cell.failed, 0);
  return [
    pair
      ? pairSentence(pair, found.level)
      : `The confirmation has no cell of one of the two, so fresh seeds do not compare ${other} with ${one}.`,
    ...(failed > 0 ? [`In the confirmation ${runs(failed)} failed and left no pair.`] : []),
  ];
}

/** What the fresh seeds say of the only optimizer. Its label is not escaped. */
export function confirmedAlone(found: Confirmation, label: string): string[] {
  if (found.missing > 0) return [incomplete(found)];
  const cell = found.cells.find((c) => c.label === label && c.role === 'best');
  if (!cell) return [];
  const { value, low, high } = cell.error;
  if (value === null || low === null || high === null) return [];
  const interval = `${(found.level * 100).toFixed(0)}% interval ${points(low)}% to ${points(high)}%`;
  const seeds = found.choice.seeds.length;
  const set = found.choice.by === 'steps' ? 'test equations' : 'test set';
  return [`On ${seeds} fresh seeds ${label} errs on ${points(value)}% of the ${set} (${interval}).`];
}

function incomplete({ choice, missing }: Confirmation): string {
  const all = choice.chosen.length * choice.seeds.length;
  return `The confirmation is not complete: ${missing} of its ${all} cells are still to be trained.`;
}

const runs = (n: number) => (n === 1 ? '1 run' : `${n} runs`);

function pairSentence({ a, b, difference }: ConfirmedPair, level: number): string {
  const { n, mean, low, high, detectable } = difference;
  if (mean === null || low === null || high === null || detectable === null)
    return `On fresh seeds ${b} and ${a} cannot be compared: ${n === 0 ? 'no seed has' : 'only one seed has'} a result of both.`;
  const interval = `${(level * 100).toFixed(0)}% interval ${points(low)} to ${points(high)}`;
  const start = `Confirmed on ${n} fresh seeds, paired: the test error of ${b} minus that of ${a} is ${points(mean)} points (${interval})`;
  const reach = `With this many pairs and this scatter, a true difference of ${points(detectable)} points would show with a probability of 80%.`;
  if (high < 0 || low > 0) return `${start}, so ${high < 0 ? b : a} is better here. ${reach}`;
  return `${start}, which includes 0, so neither is shown to be better. ${reach}`;
}

const points = (share: number) =>
  (share * 100)
    .toFixed(2)
    .replace(/^-(?=[0.]*[1-9])/, '−')
    .replace(/^-/, '');

/** Cautions about the choice itself. */
export function choiceCautions({ choice, earlier }: KeptChoice, nowChosen: string | undefined): string[] {
  const last = earlier.at(-1);
  return [
    ...(choice.failed > 0
      ? [
          `The cells of the confirmation were chosen from a grid of ${choice.cells} cells, of which ${choice.failed} had failed.`,
        ]
      : []),
    ...(last
      ? [
          `The cells of the confirmation were chosen again on ${choice.chosenAt.slice(0, 10)}, after ${runs(last.records)} on fresh seeds; manifest.json has the earlier choice.`,
        ]
      : []),
    ...(nowChosen === undefined
      ? []
      : [
          `The grid as it is now would choose ${nowChosen}. The confirmation keeps its choice; --choose-again makes it anew.`,
        ]),
  ];
}

export interface ConfirmationTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly pairs: readonly (readonly string[])[];
}

/** The section's texts, escaped for display. */
export function confirmationTable({ choice, cells, pairs, level }: Confirmation): ConfirmationTable {
  const percent = (level * 100).toFixed(0);
  return {
    title: `Confirmation on ${choice.seeds.length} fresh seeds (cells chosen by ${choiceWords(choice.by)} on the grid)`,
    head: ['Optimizer', 'lr', 'wd', `Test error, % [${percent}% interval]`, 'Runs'],
    rows: cells.map(cellTexts),
    pairs: pairs.map(({ a, b, difference: { n, mean, low, high, detectable } }) => [
      printable(`${b} − ${a}`),
      mean === null ? '–' : `${points(mean)} [${points(low!)}, ${points(high!)}] points, ${n} pairs`,
      detectable === null ? '' : `detectable: ${points(detectable)}`,
    ]),
  };
}

function cellTexts(cell: ConfirmedCell): string[] {
  const { label, role, lr, wd, error, errors, diverged, failed, missing } = cell;
  const { value, low, high } = error;
  const interval = low === null || high === null ? '' : ` [${points(low)}, ${points(high)}]`;
  const others = [
    ...(diverged > 0 ? [`${diverged} diverged`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(missing > 0 ? [`${missing} to train`] : []),
  ];
  return [
    printable(label) + (role === 'best' ? '' : ' (neighbour)'),
    shortNumber(lr),
    shortNumber(wd),
    value === null ? '–' : points(value) + interval,
    [String(errors.size), ...others].join(', '),
  ];
}

/** The section for the terminal. */
export function renderConfirmation(found: Confirmation, width: number): string {
  const { title, head, rows, pairs } = confirmationTable(found);
  return [...wrap(title, width), ...columns([head, ...rows]), ...columns(pairs)].join('\n');
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, k) => Math.max(...rows.map((row) => displayWidth(row[k]!))));
  return rows.map((row) =>
    row
      .map((text, k) => text + ' '.repeat(widths[k]! - displayWidth(text)))
      .join('  ')
      .trimEnd(),
  );
}

/** The section for the page. @param escape makes text safe in HTML */
export function confirmationHtml(found: Confirmation, escape: (text: string) => string): string {
  const { title, head, rows, pairs } = confirmationTable(found);
  const row = (cells: readonly string[], tag: 'td' | 'th') =>
    `<tr>${cells.map((text) => `<${tag}>${escape(text)}</${tag}>`).join('')}</tr>`;
  const table = (body: string) => `<div class="scroll"><table>${body}</table></div>`;
  const cells = table(
    `<thead>${row(head, 'th')}</thead><tbody>${rows.map((r) => row(r, 'td')).join('')}</tbody>`,
  );
  const differences =
    pairs.length === 0 ? '' : table(`<tbody>${pairs.map((r) => row(r, 'td')).join('')}</tbody>`);
  return `<section aria-labelledby="h-confirmation"><h2 id="h-confirmation">Confirmation</h2><p>${escape(title)}</p>${cells}${differences}</section>`;
}
