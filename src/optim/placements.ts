/**
 * Where decay stands in a chain. A rule (adam.ts, sgd.ts) is written once and takes a transform for each place where
 * decay can enter it; a placement puts decay into one of them. So a new rule needs no word about placements, and a new
 * placement none about rules.
 */
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { Placement } from '../experiment/placement.js';
import { addCautiousDecay, addDecay, identity, type Transform } from './transforms.js';

/** What happens at each place of a rule. Transforms without state. */
export interface Places {
  /** To the gradient, before all else. */
  readonly gradient: Transform;
  /** To what the first moment averages, and nothing else. */
  readonly m: Transform;
  /** To what the second moment averages, and nothing else. */
  readonly v: Transform;
  /** To the finished update, which is then subtracted from theta. */
  readonly update: Transform;
}

type Placing = (mask?: Tensor1D) => Partial<Places>;

const penalty = (mask?: Tensor1D): Transform => addDecay((s) => s.l2, mask);

const PLACINGS: Readonly<Record<Placement, Placing>> = {
  l2: (mask) => ({ gradient: penalty(mask) }),
  'l2-in-m': (mask) => ({ m: penalty(mask) }),
  'l2-in-v': (mask) => ({ v: penalty(mask) }),
  decoupled: (mask) => ({ update: addDecay((s) => s.decay, mask) }),
  cautious: (mask) => ({ update: addCautiousDecay((s) => s.decay, mask) }),
  none: () => ({}),
};

/** @param mask as for `addDecay` */
export const placesOf = (placement: Placement, mask?: Tensor1D): Places => ({
  gradient: identity,
  m: identity,
  v: identity,
  update: identity,
  ...PLACINGS[placement](mask),
});
