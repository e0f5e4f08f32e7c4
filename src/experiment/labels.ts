/** What an optimizer is called in tables and figures. */
import { familyOf, placementOf, type Family, type Placed, type Placement } from './placement.js';
import type { OptimizerSpec } from './specs.js';

const FAMILIES: Readonly<Record<Family, string>> = { adam: 'Adam', sgd: 'SGD' };

/** What follows the family's name. */
const PLACEMENTS: Readonly<Record<Placement, string>> = {
  l2: '+L2',
  'l2-in-m': ', l2 in m',
  'l2-in-v': ', l2 in v',
  decoupled: 'W',
  cautious: ', cautious decay',
  none: ', no decay',
};

/** The label used where the configuration gives none: `Adam+L2`, `AdamW`, `Adam, l2 in m`. */
export const defaultLabel = (spec: Placed): string =>
  FAMILIES[familyOf(spec)] + PLACEMENTS[placementOf(spec)];

/** The optimizer's `label`, or else the default one. Distinct within an experiment. */
export function optimizerLabel(spec: Pick<OptimizerSpec, 'name' | 'placement' | 'label'>): string {
  return spec.label ?? defaultLabel(spec);
}
