/**
 * The step without its decay, as the libraries compute it. Optimizers of one rule can be ported exactly if they have
 * one form; test/convert trains such pairs in both libraries.
 *
 * g gradient, m and v moments, mhat and vhat with bias correction, mu momentum.
 */
export const STEPS = {
  sgd: 'm = mu m + g, then lr m',
  'sgd/lr-in-m': 'm = mu m + lr g, then m',
  nesterov: 'm = mu m + g, then lr (g + mu m)',
  'nesterov/lr-in-m': 'm = mu m + lr g, then lr g + mu m',
  asgd: 'lr g, and averages of theta',
  adam: 'lr mhat / (sqrt(vhat) + eps)',
  'adam/eps-hat': 'lr mhat / (sqrt(vhat) + eps / sqrt(1 - beta2^t))',
  nadam: 'Nesterov Adam with mu_t = beta1 (1 - 0.96^(0.004 t) / 2)',
  'nadam/fast': 'Nesterov Adam with mu_t = beta1 (1 - 0.96^t / 2)',
  'nadam/constant': 'Nesterov Adam with the constant beta1, in mhat corrected by 1 - beta1^(t+1)',
  'nadam/simple': 'Nesterov Adam with the constant beta1, corrected by 1 - beta1^t',
  radam: 'RAdam, eps added to sqrt(vhat)',
  'radam/eps-hat': 'RAdam, eps added to sqrt(v) before the bias correction',
  adamax: 'lr mhat / max(beta2 u, |g| + eps)',
  'adamax/eps-outside': 'lr mhat / (max(beta2 u, |g|) + eps)',
  rmsprop: 'lr g / (sqrt(v) + eps), v from 0',
  'rmsprop/eps-inside': 'lr g / sqrt(v + eps), v from 0',
  'rmsprop/from-one': 'lr g / sqrt(v + eps), v from 1',
  adagrad: 'lr g / (sqrt(sum g^2) + eps), the sum from 0',
  'adagrad/eps-inside': 'lr g / sqrt(sum g^2 + eps), the sum from 0.1',
  adadelta: 'lr g sqrt(d + eps) / sqrt(v + eps)',
  lion: 'lr sign(beta1 m + (1 - beta1) g)',
  'adafactor/torch': "Adafactor, PyTorch's form",
  'adafactor/keras': "Adafactor, Keras's form",
  'muon/torch': "Muon, PyTorch's form (Newton-Schulz in bfloat16)",
  'muon/keras': "Muon, Keras's form (steps of 0.2 sqrt(max(in, out)))",
  'muon/optax': "Muon, optax's form (bias correction)",
  'muon/timm': "Muon, timm's form",
} as const;
export type StepForm = keyof typeof STEPS;

/** The rule of a form: what stands before its slash. */
export const ruleOf = (step: StepForm): string => step.split('/')[0]!;

/** Where the learning rate enters the momentum matters only if it changes. */
const LR_IN_MOMENTUM: ReadonlySet<string> = new Set([
  'sgd sgd/lr-in-m',
  'sgd/lr-in-m sgd',
  'nesterov nesterov/lr-in-m',
  'nesterov/lr-in-m nesterov',
]);

/** Whether two forms of one rule are the same step with the same settings, in a run with or without a changing rate. */
export function areOneStep(a: StepForm, b: StepForm, run: { isFlat: boolean; momentum: number }): boolean {
  if (a === b) return true;
  return LR_IN_MOMENTUM.has(`${a} ${b}`) && (run.isFlat || run.momentum === 0);
}
