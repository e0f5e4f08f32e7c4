/**
 * Algorithms 1 and 2 of the paper in plain float64 JavaScript, parameter by parameter: what src/optim is checked
 * against. Written from the formulas and sharing nothing with src/optim, schedules included.
 */
import type { Schedule } from '../../src/experiment/specs.js';
import type { OptimizerRule } from '../../src/optim/scalars.js';

export interface Run {
  readonly rule: OptimizerRule;
  readonly lr: number;
  readonly wd: number;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** 1 decays, 0 does not; absent: all 1. */
  readonly mask?: readonly number[];
}

/** theta after each step 0..T (T + 1 vectors). */
export function trajectory(
  run: Run,
  theta0: readonly number[],
  grad: (theta: readonly number[]) => number[],
): number[][] {
  const { rule, lr: alpha, wd: lambda } = run;
  const { beta1, beta2, eps } = rule;
  const decoupled = rule.name === 'adamw' || rule.name === 'sgdw';
  const m = theta0.map(() => 0);
  const v = theta0.map(() => 0);
  const path = [[...theta0]];
  for (let t = 1; t <= run.epochs * run.stepsPerEpoch; t++) {
    const { eta, steps } = scheduleAt(run, t);
    const decay = {
      paper: eta,
      lr: eta * alpha,
      constant: 1,
      normalized: eta / Math.sqrt(steps),
      timescale: eta / run.stepsPerEpoch,
    }[rule.convention];
    const before = path.at(-1)!;
    const g = grad(before);
    path.push(
      before.map((theta, i) => {
        const lambdaTheta = (run.mask?.[i] ?? 1) * lambda * theta;
        if (!decoupled) g[i]! += lambdaTheta;
        const decayed = decoupled ? decay * lambdaTheta : 0;
        if (rule.name.startsWith('sgd')) {
          if (rule.momentumForm === 'paper') {
            m[i] = beta1 * m[i]! + eta * alpha * g[i]!;
            return theta - m[i]! - decayed;
          }
          m[i] = beta1 * m[i]! + g[i]!;
          return theta - eta * alpha * m[i]! - decayed;
        }
        m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
        v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! ** 2;
        const mhat = m[i]! / (1 - beta1 ** t);
        const root2 = Math.sqrt(1 - beta2 ** t);
        // Torch's old form: x -= alpha sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps)
        if (rule.epsForm === 'torch7')
          return theta - (eta * alpha * root2 * mhat) / (Math.sqrt(v[i]!) + eps) - decayed;
        return theta - (eta * alpha * mhat) / (Math.sqrt(v[i]!) / root2 + eps) - decayed;
      }),
    );
  }
  return path;
}

/** eta_t, and the steps that normalized decay is normalised by, of a run without warm-up. */
export function scheduleAt(
  { schedule, epochs, stepsPerEpoch }: Run,
  t: number,
): { eta: number; steps: number } {
  const steps = epochs * stepsPerEpoch;
  switch (schedule.name) {
    case 'constant':
      return { eta: 1, steps };
    case 'step': {
      let eta = 1;
      for (const at of schedule.at) if (t > Math.round(at * steps)) eta *= schedule.factor;
      return { eta, steps };
    }
    case 'cosine':
      return { eta: 0.5 + 0.5 * Math.cos((Math.PI * (t - 1)) / steps), steps };
    case 'warm-restarts': {
      let length = schedule.firstCycle * stepsPerEpoch;
      let end = length;
      while (t > Math.round(end)) end += length *= schedule.multiply;
      const start = Math.round(end - length);
      const cycle = Math.round(end) - start;
      return { eta: 0.5 + 0.5 * Math.cos((Math.PI * (t - 1 - start)) / cycle), steps: cycle };
    }
  }
}
