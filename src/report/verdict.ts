/** The verdict for readers: an answer in plain words, the numbers behind it, and what would tell more. */
import { verdict, type Decoupling } from '../analysis/index.js';
import type { Confirmation } from '../analysis/confirmation.js';
import type { Shrinkage } from '../analysis/shrinkage.js';
import { verdictFacts } from '../analysis/facts.js';
import { printable } from '../experiment/printable.js';
import { confirmationSentences, confirmedFacts } from './confirmation.js';
import { wrap } from './width.js';

/** Three to seven sentences. The first needs no statistics to be understood. */
export function verdictSentences(decoupling: Decoupling, confirmed: Confirmation | null = null): string[] {
  const facts = confirmedFacts(verdictFacts(decoupling), confirmed);
  const confirmations = confirmed ? confirmationSentences(confirmed) : [];
  const numbers = verdict(decoupling);
  const shrunk = decoupling.shrinkages.map(shrinkage);
  if (!facts) return [...confirmations, ...numbers, ...shrunk].map(printable);
  const { measure } = decoupling;
  const pair = decoupling.optimizers.filter(({ label }) => [facts.a, facts.b].includes(label));
  // Trials that are no grid have no interval that more seeds would narrow.
  const further = pair.some(({ trials }) => trials) ? [] : more(facts, measure);
  return [answer(facts, measure), ...confirmations, ...shrunk, ...numbers, ...further].map(printable);
}

/** Weights that grow or shrink while the rate falls give a factor a little off 1, even where every step takes the same share. */
const ALIKE = 1.25;

/** Claim 2 in words. */
function shrinkage({ label, ratio, least, most, runs }: Shrinkage): string {
  const range = `${runs} run${runs === 1 ? '' : 's'}, ${factor(least)} to ${factor(most)}`;
  if (most < ALIKE && least > 1 / ALIKE)
    return `${label} decays all weights nearly alike: those with the largest gradients ${factor(ratio)} times less, relative to their size, than those with the smallest (${range}).`;
  const [small, large] = ratio > 1 ? ['smallest', 'largest'] : ['largest', 'smallest'];
  const times = factor(Math.max(ratio, 1 / ratio));
  return `${label} decays the weights with the ${large} gradients ${times} times less, relative to their size, than those with the ${small} (${range}).`;
}

const factor = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

type Facts = NonNullable<ReturnType<typeof verdictFacts>>;

function answer({ a, b, better, easier }: Facts, measure: Decoupling['measure']): string {
  const has = measure === 'loss' ? 'has the lower loss here' : 'makes fewer errors here';
  const worse = better === a ? b : a;
  const accuracy =
    better === null
      ? `We cannot tell whether ${b} or ${a} ${has}`
      : measure === 'loss'
        ? `${better} ${has}, compared with ${worse}`
        : `${better} ${has} than ${worse}`;
  const tuning =
    easier === null
      ? 'nor which of the two is easier to tune'
      : `${easier} is easier to tune: its learning rate and weight decay can be chosen more independently`;
  if (better !== null && easier === null) return `${accuracy}; we cannot tell which is easier to tune.`;
  return `${accuracy}${easier === null ? ', ' : '; '}${tuning}.`;
}

function more({ better, seeds, needed }: Facts, measure: Decoupling['measure']): string[] {
  const what = measure ?? 'error';
  if (better !== null) return [];
  if (needed === null)
    return [
      `No affordable number of seeds would show a difference in ${what} as small as the one seen here.`,
    ];
  return [
    `If the difference in ${what} seen here is real, about ${needed} seeds instead of ${seeds} would show it (with a probability of 80%).`,
  ];
}

/** The sentences under a heading, wrapped to `width` columns. */
export function renderVerdict(sentences: readonly string[], width: number): string {
  const room = Math.max(20, width - 2);
  return sentences
    .map((s) => wrap(s, room).join('\n  '))
    .map((s) => `- ${s}`)
    .join('\n');
}
