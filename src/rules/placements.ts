/**
 * Where decay stands in a chain. A rule is written once and has a place for each point at which decay can enter it; a
 * placement puts decay into one of them. So a new rule needs no word about placements, and a new placement none about
 * rules.
 */
import {
  addCautiousDecay,
  addDecay,
  addPenalty,
  identity,
  type Paths,
  type Transform,
} from './transforms.js';

/** What happens at each place of a rule. Transforms without state. */
export interface Places extends Paths {
  /** To the gradient, before all else. */
  readonly gradient: Transform;
  /** To what the direction is made of (what a first moment averages), and to nothing else. */
  readonly m: Transform;
  /** To what the scale is made of (what a second moment averages), and to nothing else. */
  readonly v: Transform;
  /** To the finished update, which is then subtracted from theta. */
  readonly update: Transform;
}

interface PlacementKind {
  /** What follows the rule's name in a label. */
  readonly label: string;
  /** Whether wd acts through the gradient, on theta directly, or not at all. */
  readonly acts: 'on gradient' | 'on theta' | 'nowhere';
  /** The place that decay takes, and the decay. */
  readonly fills: (wd: number) => Partial<Places>;
}

/**
 * - `l2` lambda theta is added to the gradient
 * - `l2-in-m` to the gradient that the first moment averages; v has the raw gradient
 * - `l2-in-v` to the gradient that the second moment averages; m has the raw gradient
 * - `decoupled` to the finished update
 * - `cautious` as decoupled, where the update has theta's sign or either is 0 (https://arxiv.org/abs/2510.12402)
 * - `none` nowhere
 */
const KINDS = {
  l2: { label: '+L2', acts: 'on gradient', fills: (wd) => ({ gradient: addPenalty(wd) }) },
  'l2-in-m': { label: ', l2 in m', acts: 'on gradient', fills: (wd) => ({ m: addPenalty(wd) }) },
  'l2-in-v': { label: ', l2 in v', acts: 'on gradient', fills: (wd) => ({ v: addPenalty(wd) }) },
  decoupled: { label: 'W', acts: 'on theta', fills: () => ({ update: addDecay }) },
  cautious: { label: ', cautious decay', acts: 'on theta', fills: () => ({ update: addCautiousDecay }) },
  none: { label: ', no decay', acts: 'nowhere', fills: () => ({}) },
} as const satisfies Record<string, PlacementKind>;

export type Placement = keyof typeof KINDS;
export const placementKinds: Readonly<Record<Placement, PlacementKind>> = KINDS;
export const PLACEMENTS = Object.keys(KINDS) as readonly Placement[] as readonly [Placement, ...Placement[]];

/** The places of a chain with this placement. */
export const placesOf = (placement: Placement, wd: number): Places => ({
  gradient: identity,
  m: identity,
  v: identity,
  update: identity,
  ...placementKinds[placement].fills(wd),
});

/** The place that a placement takes; undefined for `none`. */
export const placeOf = (placement: Placement): keyof Places | undefined =>
  Object.keys(placementKinds[placement].fills(0))[0] as keyof Places | undefined;
