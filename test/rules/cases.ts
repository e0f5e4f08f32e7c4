/** The rules with settings that differ from each other, for the tests of this folder. */
import { settingDefaults } from './defaults.js';
import type { OptimizerSettings } from '../../src/optim/index.js';
import { RULE_NAMES, type RuleName } from '../../src/rules/index.js';

/** Changes of each rule's settings that take every branch of it. */
const VARIANTS: Readonly<Partial<Record<RuleName, readonly object[]>>> = {
  adam: [{ eps: 1e-3 }, { eps: 1e-3, epsForm: 'torch7', beta1: 0.8 }],
  sgd: [{}, { momentumForm: 'torch' }],
  nesterov: [{}, { momentumForm: 'torch', beta1: 0.8 }],
  amsgrad: [
    { eps: 1e-3, beta2: 0.9 },
    { eps: 1e-3, beta2: 0.9, epsForm: 'torch7', maxOf: 'vhat' },
  ],
  adamax: [{ beta2: 0.9 }, { beta2: 0.9, eps: 1e-3, epsForm: 'outside' }],
  nadam: [{ eps: 1e-3 }, { eps: 1e-3, momentumDecay: 1 }, { eps: 1e-3, momentumDecay: 10000 }],
  radam: [{ eps: 1e-3 }, { eps: 1e-3, epsForm: 'paper', beta2: 0.99 }],
  rmsprop: [
    { eps: 1e-3 },
    { eps: 1e-3, epsForm: 'inside', rho: 0.9 },
    { eps: 1e-3, centered: true, rho: 0.9 },
    { eps: 1e-3, momentum: 0.9 },
    { eps: 1e-3, momentum: 0.9, momentumForm: 'paper', centered: true },
  ],
  adagrad: [{ eps: 1e-3 }, { eps: 1e-3, epsForm: 'inside', initial: 0.1 }],
  adadelta: [{ eps: 1e-3 }, { eps: 1e-2, rho: 0.95 }],
  lion: [{}, { beta1: 0.95, beta2: 0.98 }],
  muon: [
    { eps: 1e-3 },
    { eps: 1e-3, scale: 'original', nesterov: false, restRate: 0.5 },
    { eps: 1e-3, scale: 'spectral', iterations: 3, momentum: 0.8 },
    { eps: 1e-3, biasCorrection: true },
  ],
};

/** A rule with its defaults, by the convention of the paper. */
export const plain = (name: RuleName, changes: object = {}): OptimizerSettings =>
  ({ name, ...settingDefaults(name), convention: 'paper', ...changes }) as OptimizerSettings;

export const CASES: readonly { name: RuleName; title: string; settings: OptimizerSettings }[] =
  RULE_NAMES.flatMap((name) =>
    (VARIANTS[name] ?? [{}]).map((changes) => ({
      name,
      title: `${name} ${JSON.stringify(changes)}`,
      settings: plain(name, changes),
    })),
  );

/** Learning rates at which 100 steps of the problem of test/optim/problem.ts go somewhere. */
export const RATES: Readonly<Record<string, number>> = {
  sgd: 0.05,
  nesterov: 0.05,
  adadelta: 1,
  adagrad: 0.1,
};
export const rateOf = (name: RuleName): number => RATES[name] ?? 0.01;

/** The problem's theta: w1 [3, 4], b1, w2 [4, 1], b2. */
export const LAYOUT = [[3, 4], [4], [4, 1], [1]] as const;
