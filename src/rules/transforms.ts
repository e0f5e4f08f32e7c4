/**
 * Small pure transforms of an update, chained into rules as in optax.
 *
 * A chain begins with the gradient; its output is subtracted from theta. All vectors have theta's length.
 */
import type { Operand, Ops } from './ops.js';

/** The position of a step, as far as rules care. */
export interface At {
  /** Counted from 1. */
  readonly t: number;
  /** eta_t alpha. */
  readonly stepSize: number;
  /** What decoupled decay multiplies theta by, see `decayFactor` in optim/scalars.ts. */
  readonly decay: number;
}

/** The numbers of a step by their names. One name is one number, also if several links have it. */
export type Numbers<N extends string = string> = Readonly<Record<N, number>>;

/** What a transform is given besides the update. */
export interface Step<V, S = readonly V[], N extends string = string> {
  readonly ops: Ops<V>;
  /** The value before the step, wherever in the chain the transform stands. */
  readonly theta: V;
  /** 1 if a parameter decays and 0 if not; absent: all decay. */
  readonly mask: V | undefined;
  readonly slots: S;
  /** The step's numbers, each as a number or, in a step that is recorded, as a vector of one value. */
  readonly s: Readonly<Record<N, Operand<V>>>;
}

/** An update on its way to theta, and the state vectors that the next step will need. */
export interface Transformed<V, S = readonly V[]> {
  readonly update: V;
  readonly slots: S;
}

/** One link of a chain. */
export interface Transform {
  /** Names of the state vectors it keeps. All begin as zeros. */
  readonly slots: readonly string[];
  /** Its numbers that differ from step to step; the names are the same in every step. */
  numbers(at: At): Numbers;
  apply<V>(update: V, step: Step<V>): Transformed<V>;
}

/** A transform as one writes it: state and numbers by their names. */
interface Link<S extends string, N extends string> {
  readonly slots?: readonly S[];
  numbers?(at: At): Numbers<N>;
  apply<V>(update: V, step: Step<V, Readonly<Record<S, V>>, N>): Transformed<V, Readonly<Record<S, V>>>;
}

/** A transform from its description. */
export function link<const S extends string = never, N extends string = never>(of: Link<S, N>): Transform {
  const names = of.slots ?? [];
  return {
    slots: names,
    numbers: (at) => of.numbers?.(at) ?? {},
    apply<V>(update: V, step: Step<V>) {
      const slots = Object.fromEntries(names.map((name, i) => [name, step.slots[i]!])) as Record<S, V>;
      const next = of.apply<V>(update, { ...step, slots } as Step<V, Readonly<Record<S, V>>, N>);
      return { update: next.update, slots: names.map((name) => next.slots[name]) };
    },
  };
}

/** A transform without state or numbers of its own. */
const stateless = (apply: <V>(update: V, step: Step<V>) => V): Transform => ({
  slots: [],
  numbers: () => ({}),
  apply: (update, step) => ({ update: apply(update, step), slots: [] }),
});

/** u -> u. */
export const identity: Transform = stateless((update) => update);

/** u -> c u. */
export const scaleBy = (c: number): Transform => stateless((update, { ops }) => times(ops, update, c));

/** u -> eta_t alpha u: makes a step of a direction. */
export const scaleByRate: Transform = link({
  numbers: ({ stepSize }) => ({ stepSize }),
  apply: (update, { ops, s }) => ({ update: times(ops, update, s.stepSize), slots: {} }),
});

/** u -> u + wd theta, or u + wd mask theta: the gradient of wd/2 |theta|^2. */
export const addPenalty = (wd: number): Transform =>
  stateless((update, step) => (wd === 0 ? update : decayed(update, step, wd, step.mask)));

/**
 * u -> u + c theta, or u + c mask theta, c being the decay factor of the step: last in a chain it is decoupled decay.
 */
export const addDecay: Transform = link({
  numbers: ({ decay }) => ({ decay }),
  apply: (update, step) => ({
    update: step.s.decay === 0 ? update : decayed(update, step, step.s.decay, step.mask),
    slots: {},
  }),
});

/**
 * u -> u + c theta where u theta >= 0, else u: cautious weight decay (https://arxiv.org/abs/2510.12402). Last in a
 * chain, u is what the step subtracts from theta, so that decay acts where it and the step pull the same way.
 */
export const addCautiousDecay: Transform = link({
  numbers: ({ decay }) => ({ decay }),
  apply(update, step) {
    if (step.s.decay === 0) return { update, slots: {} };
    const agree = step.ops.agree(update, step.theta);
    const mask = step.mask === undefined ? agree : step.ops.mul(agree, step.mask);
    return { update: decayed(update, step, step.s.decay, mask), slots: {} };
  },
});

const decayed = <V>(
  update: V,
  { ops: { add, mul }, theta }: Pick<Step<V>, 'ops' | 'theta'>,
  c: Operand<V>,
  mask: V | undefined,
): V => add(update, mul(mask === undefined ? theta : mul(theta, mask), c));

/** u -> m, with m = beta m + u: heavy-ball momentum, without dampening. */
export const momentum = (beta: number): Transform =>
  link({
    slots: ['m'],
    apply(update, { ops: { add, mul }, slots }) {
      const m = add(mul(slots.m, beta), update);
      return { update: m, slots: { m } };
    },
  });

/** u -> u + beta m, with m = beta m + u: Nesterov's momentum in the form of https://proceedings.mlr.press/v28/sutskever13. */
export const nesterovMomentum = (beta: number): Transform =>
  link({
    slots: ['m'],
    apply(update, { ops: { add, mul }, slots }) {
      const m = add(mul(slots.m, beta), update);
      return { update: add(update, mul(m, beta)), slots: { m } };
    },
  });

/** What an update goes through on its way into the direction of a step, and into its scale. Transforms without state. */
export interface Paths {
  readonly m: Transform;
  readonly v: Transform;
}

interface Moments<S extends string, N extends string> {
  readonly slots: readonly S[];
  numbers?(at: At): Numbers<N>;
  apply<V>(
    forM: V,
    forV: V,
    step: Step<V, Readonly<Record<S, V>>, N>,
  ): Transformed<V, Readonly<Record<S, V>>>;
}

/**
 * A link that divides a direction by a scale, as Adam and its relatives do.
 *
 * Its `apply` gets the gradient twice. `forM` is what the direction is made of: what a first moment averages, and what
 * enters the step beside it. `forV` is what the scale is made of. They differ where a placement says so.
 */
export function moments<const S extends string, N extends string = never>(
  at: Paths,
  of: Moments<S, N>,
): Transform {
  const inner = link<S, N>({
    slots: of.slots,
    ...(of.numbers && { numbers: of.numbers }),
    apply: (update, step) => {
      // A path finds its own numbers in `s`, whose type names only those of the link.
      const passed = (path: Transform) =>
        path.apply(update, { ...step, slots: [], s: step.s as never }).update;
      return of.apply(passed(at.m), passed(at.v), step);
    },
  });
  return {
    ...inner,
    numbers: (now) => ({ ...at.m.numbers(now), ...at.v.numbers(now), ...inner.numbers(now) }),
  };
}

/** Applies transforms one after the other; its slots are theirs, in that order. */
export function chain(...links: readonly Transform[]): Transform {
  return {
    slots: links.flatMap(({ slots }) => slots),
    numbers: (at) => Object.assign({}, ...links.map((one) => one.numbers(at))) as Numbers,
    apply<V>(gradient: V, step: Step<V>) {
      let update = gradient;
      let from = 0;
      const next: V[] = [];
      for (const one of links) {
        const own = step.slots.slice(from, (from += one.slots.length));
        const out = one.apply(update, { ...step, slots: own });
        update = out.update;
        next.push(...out.slots);
      }
      return { update, slots: next };
    },
  };
}

// A factor that float32 cannot tell from 1 changes nothing, so the operation is skipped.
const isOne = (c: unknown): boolean => typeof c === 'number' && Math.fround(c) === 1;
const times = <V>({ mul }: Ops<V>, x: V, c: Operand<V>): V => (isOne(c) ? x : mul(x, c));

/** x / c. */
export const over = <V>({ div }: Ops<V>, x: V, c: Operand<V>): V => (isOne(c) ? x : div(x, c));
