/**
 * Every rule with every placement against its formula (formulas.ts): in float64 to 1e-10, on tensors to 1e-5, over
 * 300 steps of a changing learning rate.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { placementProblem, PLACEMENTS, type Placement } from '../../src/experiment/placement.js';
import { CONVENTIONS, type Convention } from '../../src/experiment/optimizerSettings.js';
import { makeOptimizer, makeSchedule, type OptimizerSettings } from '../../src/optim/index.js';
import { walk } from '../optim/drive.js';
import { PARAMETERS, relativeDistance, theta0 } from '../optim/problem.js';
import { CASES, LAYOUT, rateOf } from './cases.js';
import { float64Walk } from './float64.js';
import { FORMULAS } from './formulas.js';
import { valley } from './valley.js';

beforeAll(() => tf.setBackend('cpu'));

const [EPOCHS, STEPS_PER_EPOCH] = [25, 12];
const schedule = makeSchedule(
  { name: 'warm-restarts', firstCycle: 3.5, multiply: 2 },
  { epochs: EPOCHS, stepsPerEpoch: STEPS_PER_EPOCH, warmup: 1 },
);
const STEPS = Array.from({ length: EPOCHS * STEPS_PER_EPOCH }, (_, i) => ({ t: i + 1, ...schedule(i + 1) }));
const MASK = Array.from({ length: PARAMETERS }, (_, i) => (i % 3 === 0 ? 0 : 1));

/** Decay per step that is felt in 300 steps, by each convention. */
const WDS: Readonly<Record<Convention, number>> = {
  paper: 0.004,
  lr: 0.2,
  constant: 0.002,
  normalized: 0.05,
  timescale: 0.05,
};

interface Run {
  readonly settings: OptimizerSettings;
  readonly placement: Placement;
  readonly lr: number;
  readonly wd: number;
  readonly mask?: readonly number[] | undefined;
}

/** One step of the formula, as a function of theta: for the whole path, or along another one. */
function formulaOf({ settings, placement, lr, wd, mask }: Run) {
  const formula = FORMULAS[settings.name]!(settings as never, LAYOUT);
  return (theta: readonly number[], at: (typeof STEPS)[number]): { step: number[]; decayed: number[] } => {
    const rate = {
      paper: at.eta * wd,
      lr: at.eta * lr * wd,
      constant: wd,
      normalized: (at.eta * wd) / Math.sqrt(at.cycleSteps),
      timescale: (at.eta * wd) / STEPS_PER_EPOCH,
    }[settings.convention];
    const g = valley(theta, at.t);
    const penalised = g.map((gi, i) => gi + wd * (mask?.[i] ?? 1) * theta[i]!);
    const step = formula({
      t: at.t,
      rate: at.eta * lr,
      m: placement === 'l2' || placement === 'l2-in-m' ? penalised : g,
      v: placement === 'l2' || placement === 'l2-in-v' ? penalised : g,
    });
    return { step, decayed: theta.map((x, i) => rate * (mask?.[i] ?? 1) * x) };
  };
}

/** The formula's path. Where a cautious choice or a sign is decided by rounding, either side counts: see placement.test.ts. */
function exact(run: Run, along?: readonly number[][]): number[][] {
  const stepAt = formulaOf(run);
  const path = [[...theta0]];
  STEPS.forEach((at, k) => {
    const before = along?.[k] ?? path.at(-1)!;
    const { step, decayed } = stepAt(before, at);
    path.push(
      before.map((theta, i) => {
        const isCautious = run.placement === 'cautious';
        const decays =
          run.placement === 'decoupled' || (isCautious && Math.sign(step[i]!) * Math.sign(theta) >= 0);
        const after = theta - step[i]! - (decays ? decayed[i]! : 0);
        const ours = along?.[k + 1]?.[i];
        const doubtful = Math.abs(step[i]!) < 1e-5 * at.eta * run.lr || Math.abs(theta) < 1e-6;
        if (!isCautious || ours === undefined || !doubtful) return after;
        const other = theta - step[i]! - (decays ? 0 : decayed[i]!);
        return Math.abs(ours - other) < Math.abs(ours - after) ? other : after;
      }),
    );
  });
  return path;
}

const worst = (ours: readonly number[][], expected: readonly number[][]) =>
  Math.max(...expected.map((theta, t) => relativeDistance(ours[t]!, theta)));

const allowed = (name: OptimizerSettings['name']) =>
  PLACEMENTS.filter((placement) => placementProblem({ name, placement }) === undefined);

function runsOf(settings: OptimizerSettings, placement: Placement, lr: number): Run[] {
  const of = (convention: Convention, mask?: readonly number[]): Run => ({
    settings: { ...settings, placement, convention },
    placement,
    lr,
    wd: placement === 'none' ? 0 : placement.startsWith('l2') ? 0.02 : WDS[convention],
    mask,
  });
  const conventions = placement === 'decoupled' ? CONVENTIONS : (['paper'] as const);
  return [...conventions.map((convention) => of(convention)), of('paper', MASK)];
}

describe.each(CASES)('$title', ({ name, settings }) => {
  test.each(allowed(name))('%s', (placement) => {
    for (const run of runsOf(settings, placement, rateOf(name))) {
      const { lr, wd, mask } = run;
      const words = `${run.settings.convention}, masked: ${mask !== undefined}`;
      const options = { lr, wd, layout: LAYOUT, stepsPerEpoch: STEPS_PER_EPOCH };
      const doubles = float64Walk(run.settings, { ...options, mask }, theta0, valley, STEPS);
      const along = placement === 'cautious' ? doubles : undefined;
      expect(worst(doubles, exact(run, along)), words).toBeLessThan(1e-10);
      if (run.settings.convention !== 'paper') continue;
      const masked = mask && tf.tensor1d([...mask]);
      const optimizer = makeOptimizer(run.settings, { ...options, mask: masked });
      const floats = walk(optimizer, theta0, valley, STEPS);
      masked?.dispose();
      // A sign or a cautious choice that rounding decides sends two paths different ways: compared step by step.
      const stepwise = placement === 'cautious' || name === 'lion' ? floats : undefined;
      expect(worst(floats, exact(run, stepwise)), `${words}, on tensors`).toBeLessThan(1e-5);
    }
  });
});

test.each(CASES)('$title: the placements differ, and each is another path', ({ name, settings }) => {
  const ends = allowed(name).map((placement) => {
    const [run] = runsOf(settings, placement, rateOf(name));
    return exact(run!).at(-1)!;
  });
  ends.forEach((a, i) =>
    ends.slice(i + 1).forEach((b) => expect(relativeDistance(a, b)).toBeGreaterThan(1e-5)),
  );
});

test('each variant of a rule is another path: the comparisons can tell them apart', () => {
  const ends = CASES.map(({ name, settings }) => {
    const run: Run = { settings, placement: 'none', lr: rateOf(name), wd: 0 };
    return { name, end: exact(run).at(-1)! };
  });
  ends.forEach((a, i) =>
    ends.slice(i + 1).forEach((b) => expect(relativeDistance(a.end, b.end)).toBeGreaterThan(1e-6)),
  );
});
