/**
 * Muon (https://kellerjordan.github.io/posts/muon/): momentum, made orthogonal, for matrices and convolution filters; the
 * rest of theta (biases, norms) goes by Adam, which decoupled decay makes AdamW.
 *
 * A dense layer's [in, out] is a matrix as it is, a filter [h, w, in, out] as [h w in, out]: the transpose of PyTorch's,
 * which changes nothing, since the orthogonal factor of a transpose is the transpose.
 */
import { scaleByAdam } from './adam.js';
import type { Operand, Ops } from './ops.js';
import type { Places } from './placements.js';
import { rule, type Layout } from './rule.js';
import { choice, count, flag, positive, share, type ValuesOf } from './settings.js';
import { chain, link, scaleByRate, type Step } from './transforms.js';

const settings = {
  momentum: share(0.95, 'Decay rate of the average of gradients that is made orthogonal.'),
  nesterov: flag(true, 'Look one step ahead: (1 - momentum) g + momentum m in place of m.'),
  biasCorrection: flag(
    false,
    'With nesterov: correct the bias of both, m/(1-momentum^(t+1)) and g/(1-momentum^t) (optax).',
  ),
  iterations: count(5, 'Steps of the Newton-Schulz iteration.'),
  scale: choice(
    ['match-rms', 'original', 'spectral'],
    'Factor of a matrix’s step. match-rms: 0.2 sqrt(max(in, out)), so that lr and wd of AdamW serve (arXiv 2502.16982). original: sqrt(max(1, out/in)) (PyTorch’s default). spectral: sqrt(out/in).',
  ),
  restRate: positive(1, 'What AdamW’s learning rate is, as a multiple of lr.'),
  beta1: share(0.9, 'AdamW’s decay rate of the first moment.'),
  beta2: share(0.999, 'AdamW’s decay rate of the second moment.'),
  eps: positive(1e-8, 'Added to AdamW’s denominator.'),
};
type MuonSettings = ValuesOf<typeof settings>;

/** Of the quintic x -> a x + b x^3 + c x^5, whose iterates go to about 1 from everywhere in (0, 1]. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
/** Least norm that a matrix is divided by, so that 0 stays 0. */
const LEAST_NORM = 1e-7;

/**
 * About U V^T, for x = U S V^T [rows, cols]: its singular values become 0.7 to 1.2. The quintic is applied to the
 * smaller of the two Gram matrices.
 */
export function orthogonalize<V>(ops: Ops<V>, x: V, isTall: boolean, iterations: number): V {
  const { add, mul, div, max, matMul, norm } = ops;
  let y = div(x, max(norm(x), LEAST_NORM));
  for (let i = 0; i < iterations; i++) {
    const gram = isTall ? matMul(y, y, { a: true }) : matMul(y, y, { b: true });
    const poly = add(mul(gram, B), mul(matMul(gram, gram, {}), C));
    y = add(mul(y, A), isTall ? matMul(y, poly, {}) : matMul(poly, y, {}));
  }
  return y;
}

/** A tensor as a matrix; undefined for biases and norms. */
function matrixOf(shape: readonly number[]): { rows: number; cols: number } | undefined {
  if (shape.length < 2) return undefined;
  const cols = shape.at(-1)!;
  return { rows: shape.slice(0, -1).reduce((product, n) => product * n, 1), cols };
}

const factorOf = (scale: MuonSettings['scale'], { rows, cols }: { rows: number; cols: number }): number =>
  ({
    'match-rms': 0.2 * Math.sqrt(Math.max(rows, cols)),
    original: Math.sqrt(Math.max(1, cols / rows)),
    spectral: Math.sqrt(cols / rows),
  })[scale];

/** What a look ahead multiplies m and g by. */
const aheadAt = ({ momentum: mu, biasCorrection }: MuonSettings, t: number) => ({
  aheadM: biasCorrection ? mu / (1 - mu ** (t + 1)) : mu,
  aheadG: biasCorrection ? (1 - mu) / (1 - mu ** t) : 1 - mu,
});
type Ahead<V> = Readonly<Record<'aheadM' | 'aheadG', Operand<V>>>;

/** One matrix: m = momentum m + (1 - momentum) g; the update is the orthogonal factor of m, or of m looked ahead. */
function muonStep<V>(
  of: MuonSettings,
  { rows, cols }: { rows: number; cols: number },
  { ops, s }: { ops: Ops<V>; s: Ahead<V> },
  { update: g, m: before }: { update: V; m: V },
): { update: V; m: V } {
  const { add, mul, reshape } = ops;
  const m = add(mul(before, of.momentum), mul(g, 1 - of.momentum));
  const ahead = of.nesterov ? add(mul(m, s.aheadM), mul(g, s.aheadG)) : m;
  const direction = reshape(ahead, [rows, cols]);
  const orthogonal = orthogonalize(ops, direction, rows > cols, of.iterations);
  return { update: mul(reshape(orthogonal, [rows * cols]), factorOf(of.scale, { rows, cols })), m };
}

interface Vectors<V> {
  readonly update: V;
  readonly m: V;
  readonly v: V;
}

/** Muon for the matrices of theta, Adam for everything else; m and v are vectors of theta's length. */
function scaleByMuon(of: MuonSettings, at: Places, layout: Layout) {
  const adam = scaleByAdam({ ...of, epsForm: 'paper' }, at);
  const sizes = layout.map((shape) => shape.reduce((product, n) => product * n, 1));
  const matrices = layout.map(matrixOf);
  const rest = sizes.filter((_, i) => matrices[i] === undefined);
  /** Adam's step on all that is no matrix, joined to one vector. */
  const stepRest = <V>(pieces: readonly Vectors<V>[], step: Step<V>): Vectors<V>[] => {
    if (rest.length === 0) return [];
    const { concat, split, mul } = step.ops;
    const joined = (key: keyof Vectors<V>) =>
      concat(pieces.filter((_, i) => matrices[i] === undefined).map((piece) => piece[key]));
    const { update, slots } = adam.apply(joined('update'), { ...step, slots: [joined('m'), joined('v')] });
    const scaled = of.restRate === 1 ? update : mul(update, of.restRate);
    const [updates, ms, vs] = [scaled, slots[0]!, slots[1]!].map((vector) => split(vector, rest));
    return rest.map((_, i) => ({ update: updates![i]!, m: ms![i]!, v: vs![i]! }));
  };
  return link({
    slots: ['m', 'v'],
    numbers: (now) => ({ ...adam.numbers(now), ...aheadAt(of, now.t) }),
    apply<V>(update: V, step: Step<V, { readonly m: V; readonly v: V }, 'aheadM' | 'aheadG'>) {
      const { ops, slots } = step;
      const [us, ms, vs] = [update, slots.m, slots.v].map((vector) => ops.split(vector, sizes));
      const pieces = sizes.map((_, i) => ({ update: us![i]!, m: ms![i]!, v: vs![i]! }));
      const others = stepRest(pieces, { ...step, slots: [] });
      const next = pieces.map((piece, i) => {
        const matrix = matrices[i];
        if (matrix === undefined) return others.shift()!;
        return { ...muonStep(of, matrix, step, piece), v: piece.v };
      });
      const joined = (key: keyof Vectors<V>) => ops.concat(next.map((piece) => piece[key]));
      return { update: joined('update'), slots: { m: joined('m'), v: joined('v') } };
    },
  });
}

export const muon = rule({
  label: 'Muon',
  placement: 'decoupled',
  settings,
  lacks: {
    m: {
      reason: (name) =>
        `has no meaning for ${name}, whose matrices have no second moment that decay could avoid`,
    },
    v: { reason: (name) => `has no meaning for ${name}, whose matrices have no second moment` },
  },
  needsLayout: true,
  chain: (of, at, layout) => chain(at.gradient, scaleByMuon(of, at, layout), scaleByRate, at.update),
});
