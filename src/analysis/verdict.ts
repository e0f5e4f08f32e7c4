/** The statistics in three sentences, which claim no more than the intervals allow. */
import type { Comparison, Decoupling, Estimate, OptimizerStatistics } from './statistics.js';

/**
 * The verdict on the comparison that matters: the first pair of an L2 optimizer and its decoupled form under equal
 * schedules, else the first pair. Labels are not escaped: escape them on display.
 */
export function verdict(decoupling: Decoupling): string[] {
  const { comparisons, optimizers } = decoupling;
  const chosen = comparisons.find((c) => c.kind === 'decoupling') ?? comparisons[0];
  if (chosen) return verdictOf(decoupling, chosen);
  const only = optimizers[0];
  if (!only) return ['There are no runs yet, so there is nothing to say.'];
  const level = levelIn(decoupling);
  if (only.trials) return ofTrials(only, level);
  return [
    only.best
      ? `${only.label} reaches a ${level.name} of ${level.show(only.best.mean)} at ${setting(only.best)}, the best of ${only.runs} runs' grid.`
      : `${only.label}: ${only.reason ?? 'no result.'}`,
    `Its separability is ${shown(only.separability.corrected)} and its ridge slope ${shown(only.ridge.slope)}.`,
    'Nothing is compared: there is only one optimizer.',
  ];
}

/** Three sentences on one comparison: the best setting, the independence of lr and wd, generalisation. */
export function verdictOf(decoupling: Decoupling, comparison: Comparison): string[] {
  const find = (label: string) => decoupling.optimizers.find((o) => o.label === label);
  const [a, b] = [find(comparison.a), find(comparison.b)];
  if (!a || !b)
    throw new Error(`No statistics of ${comparison.a} or ${comparison.b}: pass the decoupling it is from.`);
  return [
    bestSentence(a, b, comparison, decoupling),
    independenceSentence(a, b, comparison, decoupling),
    generalisationSentence(comparison, decoupling),
  ];
}

/** How the level of a result is said: a test error in percent, or a loss. */
function levelIn({ measure }: Decoupling) {
  return measure === 'loss'
    ? { name: 'loss', show: (v: number) => short(v, 3), difference: (v: number) => signed(v), unit: '' }
    : { name: 'test error', show: (v: number) => percent(v), difference: points, unit: ' points' };
}
type Level = ReturnType<typeof levelIn>;

/** The verdict on one optimizer's trials that are no grid. */
function ofTrials({ label, best, runs, quadratic, reason }: OptimizerStatistics, level: Level): string[] {
  if (!best) return [`${label}: ${reason ?? 'no result.'}`];
  return [
    `${label} reaches a ${level.name} of ${level.show(best.mean)} at ${setting(best)}, the best of ${runs} runs.`,
    `The trials are not a grid. A quadratic near the best gives a ridge slope of ${shown(quadratic.slope)} (0: decoupled, −1: coupled).`,
  ];
}

type Direction = 'lower' | 'higher' | 'open' | 'unknown';

/** The sign of an interval: `open` if it includes 0, `unknown` if there is none. */
export function direction({ low, high }: Estimate): Direction {
  if (low === null || high === null) return 'unknown';
  if (high < 0) return 'lower';
  return low > 0 ? 'higher' : 'open';
}

function bestSentence(
  a: OptimizerStatistics,
  b: OptimizerStatistics,
  c: Comparison,
  decoupling: Decoupling,
): string {
  const { level } = decoupling;
  const said = levelIn(decoupling);
  if (a.best && b.best && (a.trials ?? b.trials))
    return `${meansSentence(a, b, c, said)}. Trials that are not a grid have no interval: this may be luck.`;
  if (!a.best || !b.best || c.best.value === null) {
    const empty = a.best ? b : a;
    return `The best settings cannot be compared: ${empty.label} has no run that finished or diverged.`;
  }
  const means = meansSentence(a, b, c, said);
  const edges = [a, b].filter((o) => o.best?.edge).map((o) => o.label);
  const border =
    edges.length > 0
      ? `; the best of ${edges.join(' and of ')} lies on the grid's border, where a wider grid may find better`
      : '';
  const way = direction(c.best);
  const by = `a difference of ${said.difference(c.best.value)}${said.unit}${range(c.best, said.difference, level)}`;
  if (way === 'unknown') return sentences(`${means}, but this may be luck.`, c.best.reason);
  if (way === 'open') return `${means}: ${by}, which includes 0, so neither is shown to be better${border}.`;
  const relative =
    c.bestRelative.value === null ? '' : ` (${percent(Math.abs(c.bestRelative.value))} ${way} relative)`;
  return `${means}: freed of selection, ${by}${relative}, so ${way === 'lower' ? b.label : a.label} is better here${border}.`;
}

/** The best settings as observed, without the full stop. */
function meansSentence(a: OptimizerStatistics, b: OptimizerStatistics, c: Comparison, said: Level): string {
  const runs = `${c.runs[0]} and ${c.runs[1]} runs`;
  return `${b.label}'s best setting, ${setting(b.best!)}, has a ${said.name} of ${said.show(b.best!.mean)}, ${a.label}'s, ${setting(a.best!)}, ${said.show(a.best!.mean)} (${runs})`;
}

function independenceSentence(
  a: OptimizerStatistics,
  b: OptimizerStatistics,
  c: Comparison,
  decoupling: Decoupling,
): string {
  const { level } = decoupling;
  if (a.trials ?? b.trials) return trialsSentence(a, b);
  const [separabilities, slopes] = [
    [b.separability.corrected, a.separability.corrected],
    [b.ridge.slope, a.ridge.slope],
  ] as const;
  const all = [...separabilities, ...slopes];
  const legend = [
    ...(slopes.some(({ value }) => value !== null) ? ['slope 0: decoupled, −1: coupled'] : []),
    ...(all.some(hasInterval) ? [`in brackets ${percent(level, 0)} intervals`] : []),
  ].join('; ');
  const names = [b.label, a.label] as const;
  const kept = transferSentence(a, b, c, levelIn(decoupling));
  const facts = `Separability is ${both(separabilities, names)}, the ridge slope ${both(slopes, names)}`;
  return `${facts}${legend && ` (${legend})`}: ${independence(a, b, c)}.${kept && ` ${kept}`}`;
}

/** What trials that are no grid say of the independence of lr and wd. */
function trialsSentence(a: OptimizerStatistics, b: OptimizerStatistics): string {
  const slopes = both([b.quadratic.slope, a.quadratic.slope], [b.label, a.label]);
  return `Separability and the ridge need a grid. A quadratic near the best gives a ridge slope ${slopes} (0: decoupled, −1: coupled).`;
}

/** The cost of keeping a tuned wd when lr changes; empty if it is unknown for one of the two. */
function transferSentence(
  a: OptimizerStatistics,
  b: OptimizerStatistics,
  c: Comparison,
  said: Level,
): string {
  const [one, other] = [b.transfer.mean, a.transfer.mean];
  if (one.value === null || other.value === null) return '';
  const cost = (e: Estimate) =>
    shown(e, (value) => (said.unit === '' ? short(value, 2) : fixed(value * 100, 1)));
  const facts = `Kept at another lr, a tuned wd costs ${cost(one)}${said.unit} for ${b.label} and ${cost(other)} for ${a.label}`;
  const way = direction(c.transfer);
  if (way === 'unknown') return `${facts}, of which the difference has no interval.`;
  if (way === 'open') return `${facts}: their difference includes 0.`;
  return `${facts}: it is dearer to keep ${way === 'lower' ? a.label : b.label}'s.`;
}

/** One statistic of both optimizers; a single phrase if neither has it. */
function both([one, other]: readonly [Estimate, Estimate], [name, otherName]: readonly [string, string]) {
  if (one.value === null && other.value === null) return 'not identifiable for either';
  return `${shown(one)} for ${name} and ${shown(other)} for ${otherName}`;
}

function independence(a: OptimizerStatistics, b: OptimizerStatistics, c: Comparison): string {
  const separability = direction(c.separability);
  if (separability === 'unknown')
    return 'whether lr and wd are more independent in one than in the other cannot be told from these runs';
  if (separability === 'open')
    return 'the difference in separability includes 0, so neither is shown to be easier to tune';
  const [more, less, slopes] =
    separability === 'higher' ? [b, a, slopeAgrees(b, a)] : [a, b, slopeAgrees(a, b)];
  const [converged, other] = [more.separability.rawConverged, less.separability.rawConverged];
  // Whole columns of diverged cells are additive, so they can make the more coupled grid look more separable.
  if (converged !== null && other !== null && converged < other)
    return `but over the cells where nothing diverged it is ${fixed(converged)} for ${more.label} against ${fixed(other)} for ${less.label}, the other way round, so neither is shown to be easier to tune`;
  return `lr and wd are more nearly independent in ${more.label} than in ${less.label}${slopes}`;
}

function slopeAgrees(more: OptimizerStatistics, less: OptimizerStatistics): string {
  const [flat, steep] = [more.ridge.slope, less.ridge.slope];
  if (direction(flat) === 'unknown' || direction(steep) === 'unknown') return ', by separability alone';
  const agrees = direction(steep) === 'lower' && flat.low! > steep.high!;
  return agrees ? ', and the ridges agree' : ', though the ridge slopes do not settle it';
}

function generalisationSentence(c: Comparison, decoupling: Decoupling): string {
  const { level } = decoupling;
  const { name } = levelIn(decoupling);
  const { relative, range: losses, difference } = c.generalisation;
  if (relative.value === null || difference.value === null || losses === null)
    return sentences(
      `${name === 'loss' ? 'Loss' : 'Test error'} at equal training loss cannot be compared.`,
      relative.reason ?? difference.reason,
    );
  const where = `averaged over training losses from ${short(losses[0])} to ${short(losses[1])}`;
  const size = `${percent(Math.abs(relative.value))} ${relative.value < 0 ? 'lower' : 'higher'}`;
  const claim = `At equal training loss, ${where}, ${c.b}'s ${name} is ${size} than ${c.a}'s${range(relative, (v) => percent(v), level)}`;
  const way = direction(relative);
  if (way === 'unknown') return sentences(`${claim}, without an interval.`, relative.reason);
  if (way === 'open') return `${claim}, which includes 0, so neither is shown to generalise better.`;
  return `${claim}, so ${way === 'lower' ? c.b : c.a} generalises better here.`;
}

const sentences = (...parts: readonly (string | undefined)[]) => parts.filter(Boolean).join(' ');
const setting = ({ lr, wd }: { readonly lr: number; readonly wd: number }) =>
  `lr ${short(lr, 3)}, wd ${short(wd, 3)}`;
/** `digits` decimals, with a typographic minus (no line breaks after it); never -0. */
const fixed = (value: number, digits = 2) =>
  value
    .toFixed(digits)
    .replace(/^-(?=[0.]*[1-9])/, '−')
    .replace(/^-/, '');
const percent = (share: number, digits = 1) => `${fixed(share * 100, digits)}%`;
const points = (share: number) => `${share > 0 ? '+' : ''}${fixed(share * 100)}`;
const signed = (value: number) => `${value > 0 ? '+' : ''}${short(value, 3).replace('-', '−')}`;
const short = (value: number, digits = 2) => String(Number(value.toPrecision(digits)));
const hasInterval = ({ low, high }: Estimate) => low !== null && high !== null;

function range(e: Estimate, format: (v: number) => string, level: number): string {
  if (e.low === null || e.high === null) return '';
  return ` (${percent(level, 0)} interval ${format(e.low)} to ${format(e.high)})`;
}

function shown(e: Estimate, format: (value: number) => string = fixed): string {
  if (e.value === null) return 'not identifiable';
  if (e.low === null || e.high === null) return format(e.value);
  return `${format(e.value)} (${format(e.low)} to ${format(e.high)})`;
}
