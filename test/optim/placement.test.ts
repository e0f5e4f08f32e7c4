/**
 * Where the decay enters: every placement against its formula in float64, and what must be equal to the bit.
 *
 * The formulas are written here from arXiv 1711.05101 and 2510.12402, and share nothing with src/optim.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PLACEMENTS, type Placement } from '../../src/experiment/placement.js';
import type { Schedule } from '../../src/experiment/specs.js';
import { makeOptimizer, type OptimizerRule } from '../../src/optim/index.js';
import { use } from './backend.js';
import { drive, RULE } from './drive.js';
import { scheduleAt, type Run } from './paper.js';
import { gradient, PARAMETERS, relativeDistance, theta0 } from './problem.js';

beforeAll(() => tf.setBackend('cpu'));

const CONVENTIONS = ['paper', 'lr', 'constant', 'normalized'] as const;
const SCHEDULES: Schedule[] = [
  { name: 'constant' },
  { name: 'step', at: [0.3, 0.6, 0.8], factor: 0.1 },
  { name: 'cosine' },
  { name: 'warm-restarts', firstCycle: 3.5, multiply: 2 },
];
const MASK = Array.from({ length: PARAMETERS }, (_, i) => (i % 3 === 0 ? 0 : 1));
const ADAM: OptimizerRule = { ...RULE, name: 'adam', eps: 1e-3 };
const SGD: OptimizerRule = { ...RULE, name: 'sgd' };

/**
 * theta after each step, one parameter at a time: what goes into m, what into v, and what the decay takes.
 *
 * Cautious decay jumps where the step or theta passes 0: rounding may choose the other side, and two trajectories part.
 * So it is compared `along` our own: each step starts from our theta, and where rounding decides either side counts.
 */
function exact(run: Run, placement: Placement, along?: readonly number[][]): number[][] {
  const { rule, lr, wd, mask } = run;
  const { beta1, beta2, eps } = rule;
  const isAdam = rule.name === 'adam';
  const m = new Float64Array(theta0.length);
  const v = new Float64Array(theta0.length);
  const path = [[...theta0]];
  for (let t = 1; t <= run.epochs * run.stepsPerEpoch; t++) {
    const { eta, steps } = scheduleAt(run, t);
    const rate = {
      paper: eta * wd,
      lr: eta * lr * wd,
      constant: wd,
      normalized: (eta * wd) / Math.sqrt(steps),
      timescale: (eta * wd) / run.stepsPerEpoch,
    }[rule.convention];
    const before = along?.[t - 1] ?? path.at(-1)!;
    const g = gradient(before);
    path.push(
      before.map((theta, i) => {
        const decaying = mask?.[i] ?? 1;
        const penalty = wd * theta * decaying;
        const forM = placement === 'l2' || placement === 'l2-in-m' ? g[i]! + penalty : g[i]!;
        const forV = placement === 'l2' || placement === 'l2-in-v' ? g[i]! + penalty : g[i]!;
        let step: number;
        if (isAdam) {
          m[i] = beta1 * m[i]! + (1 - beta1) * forM;
          v[i] = beta2 * v[i]! + (1 - beta2) * forV ** 2;
          const vhat = v[i]! / (1 - beta2 ** t);
          const root =
            rule.epsForm === 'paper'
              ? Math.sqrt(vhat) + eps
              : (Math.sqrt(v[i]!) + eps) / Math.sqrt(1 - beta2 ** t);
          step = (eta * lr * m[i]!) / (1 - beta1 ** t) / root;
        } else if (rule.momentumForm === 'paper') {
          m[i] = beta1 * m[i]! + eta * lr * forM;
          step = m[i]!;
        } else {
          m[i] = beta1 * m[i]! + forM;
          step = eta * lr * m[i]!;
        }
        const decay = rate * decaying * theta;
        const ours = along?.[t]?.[i];
        const decays =
          ours !== undefined && Math.abs(step) < 1e-6 * eta * lr
            ? Math.abs(ours - (theta - step - decay)) < Math.abs(ours - (theta - step))
            : placement === 'decoupled' || (placement === 'cautious' && step * theta >= 0);
        return theta - step - (decays ? decay : 0);
      }),
    );
  }
  return path;
}

const runOf = (rule: OptimizerRule, placement: Placement, schedule: Schedule): Run => ({
  rule,
  schedule,
  lr: rule.name === 'adam' ? 0.01 : 0.05,
  wd: placement === 'none' ? 0 : 0.02,
  epochs: 25,
  stepsPerEpoch: 12,
});

/** The largest relative distance to the formula over 300 steps. */
function worst(run: Run, placement: Placement): number {
  const ours = drive({ ...run, rule: { ...run.rule, placement } }, theta0, gradient);
  const expected = exact(run, placement, placement === 'cautious' ? ours : undefined);
  expect(ours.length).toBe(301);
  return Math.max(...expected.map((theta, t) => relativeDistance(ours[t]!, theta)));
}

describe.each(SCHEDULES)('300 steps under schedule $name', (schedule) => {
  const conventionsOf = (placement: Placement) =>
    placement === 'decoupled' || placement === 'cautious' ? CONVENTIONS : (['paper', 'constant'] as const);

  test.each(PLACEMENTS)('Adam, %s: as the formula', (placement) => {
    for (const convention of conventionsOf(placement)) {
      const run = runOf({ ...ADAM, convention }, placement, schedule);
      expect(worst(run, placement), convention).toBeLessThan(1e-5);
      const torch7 = { ...run, rule: { ...run.rule, epsForm: 'torch7' } } as const;
      expect(worst({ ...torch7, mask: MASK }, placement), `${convention}, masked`).toBeLessThan(1e-5);
    }
  });

  test.each(['l2', 'decoupled', 'cautious', 'none'] as const)('SGD, %s: as the formula', (placement) => {
    for (const convention of conventionsOf(placement)) {
      const run = runOf({ ...SGD, convention }, placement, schedule);
      expect(worst(run, placement), convention).toBeLessThan(1e-5);
      const torch = { ...run, rule: { ...run.rule, momentumForm: 'torch' } } as const;
      expect(worst({ ...torch, mask: MASK }, placement), `${convention}, masked`).toBeLessThan(1e-5);
    }
  });
});

test('the placements differ: the comparisons above can tell them apart', () => {
  const ends = PLACEMENTS.map((placement) =>
    exact(runOf(ADAM, placement, { name: 'cosine' }), placement).at(-1)!,
  );
  ends.forEach((a, i) =>
    ends.slice(i + 1).forEach((b) => expect(relativeDistance(a, b)).toBeGreaterThan(1e-3)),
  );
});

const value = fc
  .oneof(
    fc.double({ min: -3, max: 3, noNaN: true }),
    // Products of two of these round to 0 in float32; their signs still count.
    fc.double({ min: -1e-25, max: 1e-25, noNaN: true }),
    fc.constant(0),
  )
  .map(Math.fround);
const rules = fc.record({
  name: fc.constantFrom('adam' as const, 'sgd' as const),
  beta1: fc.constantFrom(0, 0.5, 0.9),
  beta2: fc.constantFrom(0, 0.9, 0.999),
  eps: fc.constantFrom(1e-8, 1e-3),
  epsForm: fc.constantFrom('paper' as const, 'torch7' as const),
  momentumForm: fc.constantFrom('paper' as const, 'torch' as const),
  convention: fc.constantFrom(...CONVENTIONS),
});
const wds = fc.double({ min: 1e-4, max: 0.5, noNaN: true });
const courses = fc.integer({ min: 1, max: 6 }).chain((n) => {
  const vector = fc.array(value, { minLength: n, maxLength: n });
  return fc.record({
    theta: vector,
    gradients: fc.array(vector, { minLength: 1, maxLength: 4 }),
    mask: fc.option(fc.array(fc.constantFrom(0, 1), { minLength: n, maxLength: n }), { nil: undefined }),
    eta: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
});
type Course = typeof courses extends fc.Arbitrary<infer T> ? T : never;

/** theta and the slots after the course. */
function finish(rule: OptimizerRule, wd: number, course: Course): number[] {
  return tf.tidy(() => {
    const mask = course.mask && tf.tensor1d(course.mask);
    const optimizer = makeOptimizer(rule, { lr: 0.05, wd, mask });
    let theta = tf.tensor1d(course.theta);
    let slots = optimizer.init(course.theta.length);
    course.gradients.forEach((g, i) => {
      const at = { t: i + 1, eta: course.eta, cycleSteps: 9 };
      ({ theta, slots } = optimizer.update(theta, tf.tensor1d(g), slots, at));
    });
    return [theta, ...slots].flatMap((x) => Array.from(x.dataSync()));
  });
}

afterAll(() => tf.setBackend('cpu'));

describe.each(['cpu', 'wasm', 'onednn'])('on %s, to the bit,', (backend) => {
  test('a placement that a name stands for is that name', async (context) => {
    await use(backend, context);
    fc.assert(
      fc.property(rules, wds, courses, (rule, wd, course) => {
        const named = (name: OptimizerRule['name']) => finish({ ...rule, name }, wd, course);
        const placed = (placement: Placement) => finish({ ...rule, placement }, wd, course);
        expect(placed('l2')).toEqual(named(rule.name));
        expect(placed('decoupled')).toEqual(named(`${rule.name}w`));
      }),
    );
  });

  test('none is every name at wd 0', async (context) => {
    await use(backend, context);
    fc.assert(
      fc.property(rules, courses, (rule, course) => {
        const none = finish({ ...rule, placement: 'none' }, 0, course);
        expect(none).toEqual(finish(rule, 0, course));
        expect(none).toEqual(finish({ ...rule, name: `${rule.name}w` }, 0, course));
      }),
    );
  });

  test('cautious decay acts where the step and the weight have one sign, and nowhere else', async (context) => {
    await use(backend, context);
    fc.assert(
      fc.property(rules, wds, courses, (rule, wd, course) => {
        const once = { ...course, gradients: course.gradients.slice(0, 1) };
        const cautious = finish({ ...rule, placement: 'cautious' }, wd, once);
        const n = course.theta.length;
        // The composition at wd 0, as the fused kernel may round otherwise.
        const plain = finish({ ...rule, placement: 'cautious' }, 0, once);
        course.theta.forEach((theta, i) => {
          // In the first step m, and so what is subtracted, has the gradient's sign.
          const signs = Math.sign(plain[n + i]!) * Math.sign(theta);
          if (course.mask?.[i] === 0) expect(cautious[i]).toBe(plain[i]);
          // What is subtracted may have been rounded to 0, if it does not change theta.
          else if (signs < 0 && plain[i] !== theta) expect(cautious[i]).toBe(plain[i]);
          else if (signs >= 0 && Math.abs(theta) > 1e-3 && rule.convention === 'constant')
            expect((plain[i]! - cautious[i]!) / (wd * theta)).toBeCloseTo(1, 1);
        });
        expect(cautious.slice(n)).toEqual(plain.slice(n));
      }),
    );
  });
});

test.each([
  [{ name: 'adamw', placement: 'l2' }, 'contradicts the name adamw'],
  [{ name: 'sgd', placement: 'l2-in-v' }, 'no second moment'],
  [{ name: 'adam', placement: 'none' }, 'wd is 0.1'],
] as const)('%j with decay is refused', (placed, words) => {
  expect(() => makeOptimizer({ ...RULE, ...placed }, { lr: 1, wd: 0.1 })).toThrow(words);
});
