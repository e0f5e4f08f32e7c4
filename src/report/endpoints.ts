/** The endpoints in words: the answer to each, and how far the list can be trusted. They open the verdict. */
import type { Confirmation } from '../analysis/confirmation.js';
import { answerEndpoints, type EndpointAnswer } from '../analysis/endpoints.js';
import type { Decoupling } from '../analysis/index.js';
import {
  endpointsHash,
  resolvedEndpoints,
  type Endpoint,
  type EndpointStatistic,
  type KeptEndpoints,
} from '../experiment/endpoints.js';
import type { Experiment } from '../experiment/experiment.js';
import { grouped } from './format.js';

type Unit = 'plain' | 'points' | '%' | 'steps';

/** What a statistic is called, and how its numbers are shown. */
const STATISTICS: Readonly<Record<EndpointStatistic, readonly [words: string, unit: Unit]>> = {
  separability: ['separability', 'plain'],
  ridge_slope: ['ridge slope', 'plain'],
  ridge_slope_quadratic: ['ridge slope by the quadratic', 'plain'],
  transfer_mean: ['cost of keeping wd at another lr', 'points'],
  transfer_1_octaves: ['cost of keeping wd one octave away', 'points'],
  transfer_2_octaves: ['cost of keeping wd two octaves away', 'points'],
  transfer_3_octaves: ['cost of keeping wd three octaves away', 'points'],
  regret_mean: ['regret of tuning in turn', 'points'],
  basin_relative: ['share of the grid within 10% of the best error', 'points'],
  basin_absolute: ['share of the grid within a point of the best error', 'points'],
  best_error_expected: ['expected error of the best cell', 'points'],
  best_error: ['expected error of the best cell', 'points'],
  best_error_relative: ['expected error of the best cell, relatively', '%'],
  error_at_equal_loss: ['test error at equal training loss', 'points'],
  error_at_equal_loss_relative: ['test error at equal training loss, relatively', '%'],
  paired_difference: ['test error on fresh seeds', 'points'],
  steps_to_generalise: ['median of the steps to generalise', 'steps'],
  steps_to_generalise_relative: ['steps to generalise, relatively', '%'],
  confirmed_steps: ['median of the steps to generalise on fresh seeds', 'steps'],
  confirmed_steps_relative: ['steps to generalise on fresh seeds, relatively', '%'],
};

/**
 * One sentence for each endpoint, then cautions about the list; the last says that the rest is exploratory.
 * None if the experiment has no endpoints and had none. Labels are not escaped.
 * @param kept what the folder's manifest keeps; undefined where there is none
 */
export function endpointSentences(
  experiment: Pick<Experiment, 'optimizers' | 'endpoints'> | null,
  kept: KeptEndpoints | undefined,
  decoupling: Decoupling,
  confirmed: Confirmation | null = null,
): string[] {
  const configured = experiment ? resolvedEndpoints(experiment) : [];
  const list = kept?.list ?? configured;
  if (list.length === 0 && !kept) return [];
  const answers = answerEndpoints(list, decoupling, confirmed);
  return [
    ...answers.map((answer, i) => sentence(answer, i, list.length, decoupling.level)),
    ...cautions(configured, kept, experiment !== null),
    'All that follows is exploratory: it was no endpoint.',
  ];
}

function sentence(
  { endpoint, estimate, outcome }: EndpointAnswer,
  i: number,
  of: number,
  level: number,
): string {
  const which = of === 1 ? 'The endpoint' : `Endpoint ${i + 1} of ${of}`;
  const [, unit] = STATISTICS[endpoint.statistic];
  const claim = `${subject(endpoint)} is ${endpoint.confirms} than ${shown(endpoint.than, unit)}`;
  const verb = { holds: 'holds', 'does not hold': 'does not hold', 'cannot tell': 'cannot be told' }[outcome];
  const { value, low, high, reason } = estimate;
  const start = `${which} ${verb} (${claim})`;
  if (low === null && high === null)
    return value === null
      ? `${start}: ${reason ?? 'it is not identifiable.'}`
      : `${start}: it is ${shown(value, unit)}, without an interval.${reason ? ` ${reason}` : ''}`;
  const interval =
    low === null
      ? `up to ${shown(high!, unit)}`
      : high === null
        ? `${shown(low, unit)} or more`
        : `${shown(low, unit).replace(/ (points|steps)$/, '')} to ${shown(high, unit)}`;
  const open = outcome === 'cannot tell' ? `, which includes ${shown(endpoint.than, unit)}` : '';
  const percent = (level * 100).toFixed(0);
  if (value === null)
    return `${start}: its ${percent}% interval is ${interval}${open}. ${reason ?? ''}`.trim();
  return `${start}: it is ${shown(value, unit)} (${percent}% interval ${interval})${open}.`;
}

function subject({ statistic, of: [first, second] }: Endpoint): string {
  const [words] = STATISTICS[statistic];
  return second === undefined
    ? `the ${words} of ${first!}`
    : `the ${words} of ${second} minus that of ${first!}`;
}

function shown(value: number, unit: Unit): string {
  if (unit === 'steps') return `${grouped(Math.round(value))} steps`;
  const scaled = unit === 'plain' ? value : value * 100;
  const text = scaled
    .toFixed(unit === '%' ? 1 : 2)
    .replace(/^-(?=[0.]*[1-9])/, '−')
    .replace(/^-/, '');
  return unit === 'plain' ? text : unit === '%' ? `${text}%` : `${text} points`;
}

const runs = (n: number) => (n === 1 ? '1 record' : `${n} records`);

function cautions(
  configured: readonly Endpoint[],
  kept: KeptEndpoints | undefined,
  hasConfig: boolean,
): string[] {
  if (!kept)
    return ['No manifest keeps these endpoints, so nothing shows that they were fixed before the first run.'];
  const { list, sha256, records, keptAt, earlier } = kept;
  const found: string[] = [];
  if (endpointsHash(list) !== sha256)
    found.push(
      'The endpoints in manifest.json do not have the hash that it gives: they were changed by hand.',
    );
  if (hasConfig && endpointsHash(configured) !== sha256)
    found.push('config.yaml lists other endpoints than manifest.json, whose list is answered here.');
  if (records === 0) return found;
  const change = list.length === 0 ? 'taken away' : earlier.length === 0 ? 'added' : 'changed';
  const before = earlier.length === 0 ? '' : '; manifest.json has the earlier ones';
  return [
    ...found,
    `The endpoints were ${change} on ${keptAt.slice(0, 10)}, after ${runs(records)}${before}.`,
  ];
}
