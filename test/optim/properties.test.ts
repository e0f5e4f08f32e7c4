/** What must hold for any settings, any vectors: fast-check tries to break it. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import {
  makeOptimizer,
  type OptimizerRule,
  type OptimizerSettings,
  type StepInfo,
} from '../../src/optim/index.js';
import { settingDefaults } from '../rules/defaults.js';
import { relativeDistance } from './problem.js';

beforeAll(() => tf.setBackend('cpu'));

const value = fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround);
const names = fc.constantFrom('adam' as const, 'adamw' as const, 'sgd' as const, 'sgdw' as const);
const rules: fc.Arbitrary<OptimizerRule> = fc.record({
  name: names,
  beta1: fc.constantFrom(0, 0.5, 0.9),
  beta2: fc.constantFrom(0, 0.9, 0.999),
  eps: fc.constantFrom(1e-8, 1e-3),
  epsForm: fc.constantFrom('paper' as const, 'torch7' as const),
  momentumForm: fc.constantFrom('paper' as const, 'torch' as const),
  convention: fc.constantFrom('paper' as const, 'lr' as const, 'constant' as const, 'normalized' as const),
});
const STEPS_PER_EPOCH = 7;
const lrs = fc.double({ min: 1e-4, max: 1, noNaN: true });
const wds = fc.double({ min: 1e-4, max: 0.5, noNaN: true });
/** theta and the gradients of a few steps. */
const courses = fc.integer({ min: 1, max: 6 }).chain((n) => {
  const vector = fc.array(value, { minLength: n, maxLength: n });
  return fc.record({
    theta: vector,
    gradients: fc.array(vector, { minLength: 1, maxLength: 4 }),
    mask: fc.array(fc.constantFrom(0, 1), { minLength: n, maxLength: n }),
    etas: fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
    cycleSteps: fc.integer({ min: 1, max: 1000 }),
  });
});
type Course = typeof courses extends fc.Arbitrary<infer T> ? T : never;
interface Settings {
  lr: number;
  wd: number;
  mask?: number[];
}

const stepOf = (course: Course, i: number): StepInfo => ({
  t: i + 1,
  eta: course.etas[i]!,
  cycleSteps: course.cycleSteps,
});

/** theta and slots after the course, one after the other. */
function finish(rule: OptimizerRule, { lr, wd, mask }: Settings, course: Course): number[] {
  return tf.tidy(() => {
    const options = { lr, wd, mask: mask && tf.tensor1d(mask), stepsPerEpoch: STEPS_PER_EPOCH };
    const optimizer = makeOptimizer(rule, options);
    let theta = tf.tensor1d(course.theta);
    let slots = optimizer.init(course.theta.length);
    course.gradients.forEach((g, i) => {
      ({ theta, slots } = optimizer.update(theta, tf.tensor1d(g), slots, stepOf(course, i)));
    });
    return [theta, ...slots].flatMap((x) => Array.from(x.dataSync()));
  });
}

/** Equal to the bit, but that -0 is 0: adding 0 times something to -0 gives 0. */
const bitwise = (a: number[], b: number[]) => expect(a.map((x) => x + 0)).toEqual(b.map((x) => x + 0));
const coupled = (rule: OptimizerRule): OptimizerRule => ({
  ...rule,
  name: rule.name.startsWith('adam') ? 'adam' : 'sgd',
});
const decoupled = (rule: OptimizerRule): OptimizerRule => ({
  ...rule,
  name: rule.name.startsWith('adam') ? 'adamw' : 'sgdw',
});

test('without decay, L2 and decoupled are the same to the bit', () => {
  fc.assert(
    fc.property(rules, lrs, courses, (rule, lr, course) => {
      bitwise(finish(coupled(rule), { lr, wd: 0 }, course), finish(decoupled(rule), { lr, wd: 0 }, course));
    }),
  );
});

test('a mask of zeros removes the decay, a mask of ones changes nothing, to the bit', () => {
  fc.assert(
    fc.property(rules, lrs, wds, courses, (rule, lr, wd, course) => {
      const all = (x: number) => course.mask.map(() => x);
      bitwise(finish(rule, { lr, wd, mask: all(0) }, course), finish(rule, { lr, wd: 0 }, course));
      bitwise(finish(rule, { lr, wd, mask: all(1) }, course), finish(rule, { lr, wd }, course));
    }),
  );
});

test('a mask decides per parameter: what it marks goes as without a mask, the rest as without decay', () => {
  fc.assert(
    fc.property(rules, lrs, wds, courses, (rule, lr, wd, course) => {
      const masked = finish(rule, { lr, wd, mask: course.mask }, course);
      const decayed = finish(rule, { lr, wd }, course);
      const plain = finish(rule, { lr, wd: 0 }, course);
      const n = course.mask.length;
      bitwise(
        masked,
        masked.map((_, i) => (course.mask[i % n] ? decayed[i]! : plain[i]!)),
      );
    }),
  );
});

test('conventions meet: lr at wd is paper at lr*wd, normalized at wd/sqrt(steps), timescale at wd/(steps per epoch)', () => {
  fc.assert(
    fc.property(rules, lrs, wds, courses, (rule, lr, wd, course) => {
      const end = (convention: OptimizerRule['convention'], decay: number) =>
        finish({ ...decoupled(rule), convention }, { lr, wd: decay }, course);
      const close = (a: number[], b: number[]) =>
        expect(relativeDistance([...a, 1], [...b, 1])).toBeLessThan(1e-5);
      close(end('lr', wd), end('paper', lr * wd));
      close(end('normalized', wd), end('paper', wd * Math.sqrt(1 / course.cycleSteps)));
      close(end('timescale', wd), end('paper', wd / STEPS_PER_EPOCH));
      const flat = { ...course, etas: course.etas.map(() => 1) };
      bitwise(
        finish({ ...decoupled(rule), convention: 'constant' }, { lr, wd }, flat),
        finish({ ...decoupled(rule), convention: 'paper' }, { lr, wd }, flat),
      );
    }),
  );
});

test('L2 knows no convention', () => {
  fc.assert(
    fc.property(rules, lrs, wds, courses, (rule, lr, wd, course) => {
      bitwise(
        finish(coupled(rule), { lr, wd }, course),
        finish({ ...coupled(rule), convention: 'constant' }, { lr, wd }, course),
      );
    }),
  );
});

test('eta 0 freezes theta while there is no momentum to spend, but for constant decay', () => {
  fc.assert(
    fc.property(rules, lrs, wds, courses, (rule, lr, wd, course) => {
      const still = { ...course, etas: course.etas.map(() => 0) };
      const theta = finish(rule, { lr, wd }, still).slice(0, course.theta.length);
      const shrink = rule.name.endsWith('w') && rule.convention === 'constant' ? 1 - wd : 1;
      const expected = course.theta.map((x) => x * shrink ** course.gradients.length);
      expect(relativeDistance([...theta, 1], [...expected, 1])).toBeLessThan(1e-6);
    }),
  );
});

test('under a zero gradient, decoupled decay shrinks every parameter by the same factor', () => {
  fc.assert(
    fc.property(rules, lrs, wds, courses, (rule, lr, wd, course) => {
      const flat = { ...course, gradients: [course.theta.map(() => 0)], etas: [1] };
      const theta = finish({ ...decoupled(rule), convention: 'paper' }, { lr, wd }, flat);
      const expected = course.theta.map((x) => (1 - wd) * x);
      expect(relativeDistance([...theta.slice(0, expected.length), 1], [...expected, 1])).toBeLessThan(1e-6);
    }),
  );
});

test('a step leaks nothing and leaves its arguments alone', () => {
  fc.assert(
    fc.property(rules, lrs, wds, courses, (rule, lr, wd, course) => {
      const mask = tf.tensor1d(course.mask);
      const optimizer = makeOptimizer(rule, { lr, wd, mask });
      const theta = tf.tensor1d(course.theta);
      const gradient = tf.tensor1d(course.gradients[0]!);
      const slots = optimizer.init(course.theta.length);
      const before = tf.memory().numTensors;
      const next = optimizer.update(theta, gradient, slots, stepOf(course, 0));
      expect(tf.memory().numTensors - before).toBe(1 + slots.length);
      expect(next.slots.length).toBe(optimizer.slots.length);
      bitwise(Array.from(theta.dataSync()), course.theta);
      for (const slot of slots)
        bitwise(
          Array.from(slot.dataSync()),
          course.theta.map(() => 0),
        );
      tf.dispose([next.theta, ...next.slots]);
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose([mask, theta, gradient, ...slots]);
    }),
  );
});

test('refuses rates that are no rates, and vectors of unequal length', () => {
  const rule = fc.sample(rules, { numRuns: 1, seed: 1 })[0]!;
  expect(() => makeOptimizer(rule, { lr: -1, wd: 0 })).toThrow(RangeError);
  expect(() => makeOptimizer(rule, { lr: 1, wd: NaN })).toThrow(RangeError);
  expect(() => makeOptimizer({ ...rule, beta2: 1 }, { lr: 1, wd: 0 })).toThrow(RangeError);
  const nesterov = {
    ...settingDefaults('nesterov'),
    name: 'nesterov',
    convention: 'paper',
    beta1: 1,
  } as OptimizerSettings;
  expect(() => makeOptimizer(nesterov, { lr: 1, wd: 0 })).toThrow('beta1 is 1');
  const timed = { ...decoupled(rule), convention: 'timescale' } as const;
  expect(() => makeOptimizer(timed, { lr: 1, wd: 0.1 })).toThrow('needs stepsPerEpoch');
  const muon = { ...settingDefaults('muon'), name: 'muon', convention: 'paper' } as OptimizerSettings;
  expect(() => makeOptimizer(muon, { lr: 1, wd: 0.1 })).toThrow('needs the layout of theta');
  tf.tidy(() => {
    const optimizer = makeOptimizer(rule, { lr: 1, wd: 0.1, mask: tf.tensor1d([1]) });
    const at = { t: 1, eta: 1, cycleSteps: 1 };
    const two = tf.tensor1d([1, 2]);
    expect(() => optimizer.update(two, two, optimizer.init(2), at)).toThrow(RangeError);
    const plain = makeOptimizer(rule, { lr: 1, wd: 0.1 });
    expect(() => plain.update(two, tf.tensor1d([1]), plain.init(2), at)).toThrow(RangeError);
    expect(() => plain.update(two, two, [], at)).toThrow(RangeError);
  });
});
