/** The classes as tf.Optimizers: four of them are src/optim, and all keep tfjs's promises. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OptimizerRule } from '../../src/optim/index.js';
import { AdamL2, AdamW, Lion, Muon, NAdamW, RMSPropW, SGDL2, SGDW } from '../../src/index.js';
import { drive, RULE } from '../optim/drive.js';
import { relativeDistance } from '../optim/problem.js';
import { finish, gradient, makeProgram, START, train } from './program.js';

beforeAll(() => tf.setBackend('cpu'));

// What a failed test leaves behind would fail the next ones, too.
afterEach(() => tf.disposeVariables());

type Class = typeof AdamW | typeof AdamL2 | typeof SGDW | typeof SGDL2;
const PURE: [OptimizerRule['name'], Class][] = [
  ['adamw', AdamW],
  ['adam', AdamL2],
  ['sgdw', SGDW],
  ['sgd', SGDL2],
];
// exact.test.ts has the steps of the others.
const OTHERS: [string, typeof NAdamW | typeof RMSPropW | typeof Lion | typeof Muon][] = [
  ['nadamw', NAdamW],
  ['rmspropw', RMSPropW],
  ['lion', Lion],
  ['muon', Muon],
];
const CLASSES: [string, Class | (typeof OTHERS)[number][1]][] = [...PURE, ...OTHERS];
const rates = { learningRate: 0.05, weightDecay: 0.1 };

test.each(PURE)('%s takes the steps of the pure optimizer', (name, Class) => {
  const run = {
    rule: { ...RULE, name },
    lr: rates.learningRate,
    wd: rates.weightDecay,
    schedule: { name: 'constant' },
    epochs: 1,
    stepsPerEpoch: 20,
  } as const;
  const expected = drive(run, START, gradient).at(-1)!;
  expect(relativeDistance(finish(new Class(rates)), expected)).toBeLessThan(1e-6);
});

describe.each(CLASSES)('%s', (_name, Class) => {
  test('decays what include says, by name or by function', () => {
    const plain = finish(new Class({ ...rates, weightDecay: 0 }));
    const all = finish(new Class(rates));
    const expected = [...all.slice(0, 6), ...plain.slice(6)];
    expect(finish(new Class({ ...rates, include: ['kernel'] }))).toEqual(expected);
    expect(finish(new Class({ ...rates, include: (variable) => variable.rank > 1 }))).toEqual(expected);
    expect(all.slice(6)).not.toEqual(plain.slice(6));
    expect(finish(new Class({ ...rates, exclude: ['bias'] }))).toEqual(expected);
    expect(finish(new Class({ ...rates, exclude: 'rank1' }))).toEqual(expected);
    expect(finish(new Class({ ...rates, include: ['kernel', 'bias'], exclude: ['bias'] }))).toEqual(expected);
  });

  test('follows its schedule', () => {
    const schedule = { name: 'step', at: [0.25], epochs: 4, stepsPerEpoch: 2 } as const;
    const byHand = new Class({ ...rates, convention: 'lr' });
    const program = makeProgram();
    for (let t = 1; t <= 10; t++) {
      byHand.eta = t > 2 ? 0.1 : 1;
      train(program, byHand, 1);
    }
    const expected = program.values();
    program.dispose();
    // The last two steps are after the end of the schedule.
    expect(finish(new Class({ ...rates, convention: 'lr', schedule }), 10)).toEqual(expected);
  });

  test('comes back from its config, by its registered name', () => {
    const schedule = { name: 'warm-restarts', firstCycle: 1, epochs: 5, stepsPerEpoch: 4 } as const;
    const lists = { include: ['kernel', 'bias'], exclude: ['bias'] };
    const first = new Class({ ...rates, convention: 'normalized', schedule, ...lists });
    const config = JSON.parse(JSON.stringify(first.getConfig())) as tf.serialization.ConfigDict;
    const [cls, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[first.getClassName()]!;
    expect(cls).toBe(Class);
    const second = fromConfig(cls, config) as InstanceType<Class>;
    expect(second.getConfig()).toEqual(config);
    expect(finish(second)).toEqual(finish(first));
  });

  test('goes on in another optimizer from its weights', async () => {
    const whole = finish(new Class(rates), 20);
    const program = makeProgram();
    const first = new Class(rates);
    train(program, first, 8);
    const second = new Class(rates);
    await carry(first, second);
    first.dispose();
    expect(second.iterations).toBe(8);
    expect(train(program, second, 12)).toEqual(whole);
    program.dispose();
    second.dispose();
  });

  test('goes on where the variables have been renamed since, as tfjs does on loading', async () => {
    const whole = finish(new Class(rates), 20);
    const before = makeProgram();
    const first = new Class(rates);
    train(before, first, 8);
    const after = makeProgram('_1');
    after.kernel.assign(before.kernel);
    after.bias.assign(before.bias);
    before.dispose();
    const second = new Class(rates);
    await carry(first, second);
    first.dispose();
    expect(train(after, second, 12)).toEqual(whole);
    after.dispose();
    second.dispose();
  });

  test('leaks nothing from step to step', () => {
    const program = makeProgram();
    const optimizer = new Class(rates);
    train(program, optimizer, 1);
    const before = tf.memory().numTensors;
    train(program, optimizer, 5);
    expect(tf.memory().numTensors).toBe(before);
    program.dispose();
    optimizer.dispose();
  });
});

/** Moves an optimizer's weights to another by value, as a file would. */
async function carry(from: tf.Optimizer, to: tf.Optimizer): Promise<void> {
  const weights = await from.getWeights();
  const copies = weights.map(({ name, tensor }) => ({
    name,
    tensor: tf.tensor(tensor.dataSync().slice(), tensor.shape, tensor.dtype),
  }));
  await to.setWeights(copies);
  tf.dispose([weights[0]!.tensor, ...copies.map(({ tensor }) => tensor)]);
}

test('the weights are named and ordered as those of tf.train.adam', async () => {
  const names = async (optimizer: tf.Optimizer) => {
    const program = makeProgram();
    train(program, optimizer, 1);
    const weights = await optimizer.getWeights();
    const found = weights.map(({ name, tensor }) => [name, tensor.shape]);
    weights[0]!.tensor.dispose();
    program.dispose();
    optimizer.dispose();
    return found;
  };
  expect(await names(new AdamW(rates))).toEqual(await names(tf.train.adam(0.1)));
});

test('without decay AdamW and AdamL2 are tf.train.adam, SGDW and SGDL2 tf.train.momentum', () => {
  const plain = { learningRate: 0.05, weightDecay: 0 };
  const adam = finish(tf.train.adam(0.05, 0.9, 0.999, 1e-8));
  // tfjs keeps beta2^t in float32, which costs its 1 - beta2^t five digits at first.
  expect(relativeDistance(finish(new AdamW(plain)), adam)).toBeLessThan(1e-5);
  expect(relativeDistance(finish(new AdamL2(plain)), adam)).toBeLessThan(1e-5);
  const momentum = finish(tf.train.momentum(0.05, 0.9));
  expect(relativeDistance(finish(new SGDW(plain)), momentum)).toBeLessThan(2e-6);
  expect(relativeDistance(finish(new SGDL2(plain)), momentum)).toBeLessThan(2e-6);
});

test('eta schedules the decay of the paper with the learning rate; the learning rate alone does not', () => {
  const after = (change: (optimizer: AdamW) => void) => {
    const optimizer = new AdamW(rates);
    change(optimizer);
    return finish(optimizer, 5);
  };
  const byEta = after((optimizer) => (optimizer.eta = 0.5));
  const byBoth = after((optimizer) => {
    optimizer.learningRate *= 0.5;
    optimizer.weightDecay *= 0.5;
  });
  expect(relativeDistance(byEta, byBoth)).toBeLessThan(1e-6);
  expect(
    relativeDistance(
      after((optimizer) => (optimizer.learningRate *= 0.5)),
      byEta,
    ),
  ).toBeGreaterThan(1e-2);
});

test('variables that take turns keep their own state', () => {
  const program = makeProgram();
  const optimizer = new SGDW({ learningRate: 0.05, weightDecay: 0 });
  for (let i = 0; i < 6; i++) {
    optimizer.minimize(program.loss, false, [program.kernel]);
    optimizer.minimize(program.loss, false, [program.bias]);
  }
  const turns = program.values();
  program.dispose();
  optimizer.dispose();
  expect(turns).toEqual(finish(new SGDW({ learningRate: 0.05, weightDecay: 0 }), 6));
});

test('minimize finds the variables on its own, and gives the cost', () => {
  const program = makeProgram();
  const optimizer = new AdamW(rates);
  const cost = optimizer.minimize(program.loss, true)!;
  const expected = START.reduce((sum, x) => sum + Math.cos(x) + x ** 2 / 4, 0);
  expect(cost.dataSync()[0]).toBeCloseTo(expected, 5);
  expect(program.values()).not.toEqual(START);
  tf.dispose(cost);
  program.dispose();
  optimizer.dispose();
});

describe('refusals', () => {
  /** A refusal with these facts in it. */
  const refused = (code: string, facts: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(facts) as string }) as Error;

  test('a misspelt variable in include', () => {
    const program = makeProgram();
    const optimizer = new AdamW({ ...rates, include: ['kernal'] });
    expect(() => train(program, optimizer, 1)).toThrow(refused('include-unmatched', /kernal.*kernel, bias/));
    program.dispose();
    optimizer.dispose();
  });

  test('saving an include function', () => {
    expect(() => new AdamW({ ...rates, include: () => true }).getConfig()).toThrow(
      refused('option-invalid', /include/),
    );
  });

  test('state of another shape or number', async () => {
    const program = makeProgram();
    const optimizer = new AdamW(rates);
    const state = ['kernel/m', 'kernel/v'].map((name) => ({ name, tensor: tf.zeros([7]) }));
    const iterations = { name: 'iter', tensor: tf.scalar(3, 'int32') };
    await optimizer.setWeights([iterations, ...state]);
    expect(() => train(program, optimizer, 1)).toThrow(
      refused('optimizer-state-unmatched', /kernel.*\[7\].*\[2,3\]/),
    );
    await expect(optimizer.setWeights([iterations, state[0]!])).rejects.toThrow(
      refused('optimizer-state-unmatched', /\b1\b/),
    );
    tf.dispose([iterations.tensor, ...state.map(({ tensor }) => tensor)]);
    program.dispose();
    optimizer.dispose();
  });
});

test('timescale forgets a weight in 1/wd epochs', () => {
  const schedule = { name: 'constant', epochs: 2, stepsPerEpoch: 40 } as const;
  const rule = { learningRate: 0, weightDecay: 0.5, convention: 'timescale', schedule } as const;
  const expected = START.map((x) => x * (1 - 0.5 / 40) ** 80);
  expect(relativeDistance(finish(new SGDW(rule), 80), expected)).toBeLessThan(1e-5);
});
