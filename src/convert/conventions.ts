/** What multiplies a decoupled decay, per step: the conventions, their formulas, and the number between any two of them. */

/**
 * By what a step multiplies theta, besides `wd`, and subtracts it:
 *
 * - `paper` eta_t (Algorithms 1 and 2 of the paper; big_vision)
 * - `lr` eta_t alpha (PyTorch, optax, Keras 3, apex)
 * - `constant` 1, whatever the schedule does (TensorFlow's contrib and addons)
 * - `normalized` eta_t sqrt(b/(B T)) = eta_t / sqrt(N), N steps of the run, or of a restart cycle (appendix B.1)
 * - `timescale` eta_t / S, S steps per epoch, so that wd is 1/tau (Wang & Aitchison, https://arxiv.org/abs/2405.13698)
 * - `corrected` eta_t^2 alpha (timm's `corrected_weight_decay`, https://arxiv.org/abs/2506.02285)
 */
export const CONVENTIONS = ['paper', 'lr', 'constant', 'normalized', 'timescale', 'corrected'] as const;
export type Convention = (typeof CONVENTIONS)[number];

/** Powers: the factor is wd eta^eta lr^lr N^(-root/2) S^-epoch. */
interface Powers {
  readonly eta: 0 | 1 | 2;
  readonly lr: 0 | 1;
  readonly root: 0 | 1;
  readonly epoch: 0 | 1;
}

const POWERS: Readonly<Record<Convention, Powers>> = {
  paper: { eta: 1, lr: 0, root: 0, epoch: 0 },
  lr: { eta: 1, lr: 1, root: 0, epoch: 0 },
  constant: { eta: 0, lr: 0, root: 0, epoch: 0 },
  normalized: { eta: 1, lr: 0, root: 1, epoch: 0 },
  timescale: { eta: 1, lr: 0, root: 0, epoch: 1 },
  corrected: { eta: 2, lr: 1, root: 0, epoch: 0 },
};

/** What a step subtracts, in words of the formulas: eta the schedule's multiplier, N and S as above. */
export const SUBTRACTS: Readonly<Record<Convention, string>> = {
  paper: 'eta wd theta',
  lr: 'eta lr wd theta',
  constant: 'wd theta',
  normalized: 'eta wd theta / sqrt(N)',
  timescale: 'eta wd theta / S',
  corrected: 'eta^2 lr wd theta',
};

/** The power of eta_t in a convention's factor. */
export const etaPower = (convention: Convention): number => POWERS[convention].eta;
export const dependsOnCycle = (convention: Convention): boolean => POWERS[convention].root === 1;

/** Which numbers the way between two conventions needs. */
export const needs = (from: Convention, to: Convention) => ({
  lr: POWERS[from].lr !== POWERS[to].lr,
  steps: POWERS[from].root !== POWERS[to].root,
  stepsPerEpoch: POWERS[from].epoch !== POWERS[to].epoch,
});

/** The numbers that the conventions differ by; those that a way does not need may be NaN. */
export interface Quantities {
  readonly lr: number;
  /** Steps of the run, or of each restart cycle. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/**
 * wd of `from` as wd of `to`, where the powers of eta agree or eta is 1.
 *
 * At most three operations round, each to half an ulp, so that there and back are within 6 half ulps
 * (`exact.ts` makes a round trip exact out of that).
 */
export function rescaled(wd: number, from: Convention, to: Convention, at: Quantities): number {
  const [a, b] = [POWERS[from], POWERS[to]];
  let value = wd;
  if (a.lr > b.lr) value *= at.lr;
  if (a.lr < b.lr) value /= at.lr;
  if (a.root < b.root) value *= Math.sqrt(at.steps);
  if (a.root > b.root) value /= Math.sqrt(at.steps);
  if (a.epoch < b.epoch) value *= at.stepsPerEpoch;
  if (a.epoch > b.epoch) value /= at.stepsPerEpoch;
  return value;
}

/** `rescaled` as a formula for wd'. */
export function formulaOf(from: Convention, to: Convention): string {
  const [a, b] = [POWERS[from], POWERS[to]];
  const above = ['wd'];
  const below: string[] = [];
  if (a.lr !== b.lr) (a.lr > b.lr ? above : below).push('lr');
  if (a.root !== b.root) (a.root < b.root ? above : below).push('sqrt(N)');
  if (a.epoch !== b.epoch) (a.epoch < b.epoch ? above : below).push('S');
  const over = below.length > 1 ? `(${below.join(' ')})` : below.join('');
  return `wd' = ${above.join(' ')}${over === '' ? '' : ` / ${over}`}`;
}
