/** The options of the exported classes: what is refused, and that the refusal says which, what it was and what may be. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  AdamL2,
  AdamW,
  extendWithDecoupledWeightDecay,
  Lion,
  Muon,
  NAdamW,
  RMSPropW,
  scheduleFunction,
  SGDL2,
  SGDW,
} from '../../src/index.js';
import { makeSchedule } from '../../src/optim/index.js';
import { scheduleSchema } from '../../src/experiment/specs.js';
import { ReportedError } from '../../src/errors/reported.js';
import { makeProgram, train } from './program.js';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => tf.disposeVariables());

const SGD = extendWithDecoupledWeightDecay(tf.SGDOptimizer);
const rates = { learningRate: 0.1, weightDecay: 0.1 };

type Make = (options: unknown) => tf.Optimizer;
const adams: [string, Make][] = [
  ['AdamW', (options) => new AdamW(options as never)],
  ['AdamL2', (options) => new AdamL2(options as never)],
];
const sgds: [string, Make][] = [
  ['SGDW', (options) => new SGDW(options as never)],
  ['SGDL2', (options) => new SGDL2(options as never)],
];
const others: [string, Make][] = [
  ['NAdamW', (options) => new NAdamW(options as never)],
  ['RMSPropW', (options) => new RMSPropW(options as never)],
  ['Lion', (options) => new Lion(options as never)],
  ['Muon', (options) => new Muon(options as never)],
];
const ours = [...adams, ...sgds, ...others];
const extended: [string, Make] = ['DecoupledSGD', (options) => new SGD(options as never, 0.1)];

function refusal(make: () => unknown): ReportedError {
  try {
    make();
  } catch (error) {
    if (error instanceof ReportedError) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
}

/** Values that are no number of 0 or more, and how a refusal shows them. */
const NO_RATE: [unknown, string][] = [
  [null, 'null'],
  ['', '""'],
  ['0.1', '"0.1"'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [-1, '-1'],
  [true, 'true'],
  [[0.1], '[0.1]'],
  [{}, 'an object'],
  [1e-50, '1e-50'],
  [1e300, '1e+300'],
];
const NO_INCLUDE: [unknown, string][] = [
  [null, 'null'],
  ['kernel', '"kernel"'],
  [/kernel/, '/kernel/'],
  [[1], '[1]'],
  [[''], '[""]'],
  [{ kernel: true }, 'an object'],
];

function refuses(make: Make, name: string, value: unknown, shown: string): void {
  const error = refusal(() => make({ ...rates, [name]: value }));
  expect(error.code).toBe('option-invalid');
  expect(error.message).toContain(name);
  expect(error.message).toContain(shown);
}

describe.each(ours)('%s refuses', (className, make) => {
  test.each(NO_RATE)('learningRate, weightDecay %j', (value, shown) => {
    refuses(make, 'learningRate', value, shown);
    refuses(make, 'weightDecay', value, shown);
  });
  test.each(NO_INCLUDE)('include and exclude %j', (value, shown) => {
    refuses(make, 'include', value, shown);
    refuses(make, 'exclude', value, shown);
  });
  test.each([
    [null, 'null'],
    ['cosine', '"cosine"'],
    [[1], '[1]'],
  ])('schedule %j', (value, shown) => refuses(make, 'schedule', value, shown));
  test.each(['l2', 'l2-in-x', 'none', null, 1])('placement %j, if it is not its own', (value) => {
    if (!(className.endsWith('L2') && value === 'l2')) refuses(make, 'placement', value, 'placement');
  });
  test.each([
    [null, 'null'],
    ['pytorch', "'paper', 'lr', 'constant', 'normalized'"],
    ['Paper', '"Paper"'],
    [1, '1'],
  ])('convention %j', (value, shown) => refuses(make, 'convention', value, shown));
  test.each([0, -1, NaN, Infinity, '16', null])('cycleSteps %j', (value) =>
    refuses(make, 'cycleSteps', value, 'cycleSteps'),
  );
  test('the convention normalized without cycleSteps', () => {
    expect(refusal(() => make({ ...rates, convention: 'normalized' })).message).toContain('cycleSteps');
  });
  test('the convention timescale without a schedule', () => {
    const options = { ...rates, convention: 'timescale', cycleSteps: 4 };
    expect(refusal(() => make(options)).message).toContain('schedule');
  });
  test.each(['lr', 'wd', 'weight_decay', 'customObjects', '__proto__x'])('an option %s', (name) =>
    refuses(make, name, 0.1, name),
  );
  test.each([undefined, null, 0.1, 'adamw', [0.1, 0.1]])('%j in place of options', (options) => {
    const error = refusal(() => make(options));
    expect([error.code, error.exitCode]).toEqual(['option-invalid', 2]);
    expect(error.message).toContain(className);
  });
  test.each(['learningRate', 'weightDecay'])('options without %s', (name) => {
    const rest = Object.entries(rates).filter(([other]) => other !== name);
    expect(refusal(() => make(Object.fromEntries(rest))).message).toContain(name);
  });
  test('several at once, each by its name', () => {
    const { message } = refusal(() => make({ learningRate: -1, weightDecay: 'x', colour: 1 }));
    for (const name of ['learningRate', 'weightDecay', 'colour']) expect(message).toContain(name);
  });
});

describe.each(adams)('%s refuses', (_className, make) => {
  test.each([1, -0.1, NaN, null, '0.9', 1e-50])('beta1, beta2 %j', (value) => {
    refuses(make, 'beta1', value, String(value));
    refuses(make, 'beta2', value, String(value));
  });
  test.each([NaN, -1, 0, '', '1e-8', Infinity, 1e-50, 1e300])('epsilon %j', (value) =>
    refuses(make, 'epsilon', value, 'epsilon'),
  );
  test.each(['torch', 'Paper', null])('epsForm %j', (value) => refuses(make, 'epsForm', value, "'torch7'"));
  test('the options of SGD', () => refuses(make, 'momentum', 0.9, 'momentum'));
  test('but takes null for the default epsilon', () => {
    expect(make({ ...rates, epsilon: null }).getConfig()).toEqual(make(rates).getConfig());
    expect(make(rates).getConfig()['epsilon']).toBe(1e-8);
  });
});

describe.each(sgds)('%s refuses', (_className, make) => {
  test.each([1, -0.1, NaN, null, '0.9'])('momentum %j', (value) =>
    refuses(make, 'momentum', value, String(value)),
  );
  test.each(['keras', 'torch7', null])('momentumForm %j', (value) =>
    refuses(make, 'momentumForm', value, "'torch'"),
  );
  test('the options of Adam', () => refuses(make, 'epsilon', 1e-8, 'epsilon'));
});

test.each<[string, string, readonly unknown[]]>([
  ['NAdamW', 'momentumDecay', [-1, NaN, '1', null]],
  ['RMSPropW', 'rho', [1, -0.1, null]],
  ['RMSPropW', 'centered', [0, 'true', null]],
  ['RMSPropW', 'epsForm', ['paper', null]],
  ['Lion', 'beta2', [1, NaN]],
  ['Muon', 'iterations', [0, 1.5, 101, null]],
  ['Muon', 'scale', ['rms', null]],
  ['Muon', 'restRate', [0, -1, Infinity]],
  ['Muon', 'matrices', ['rank1', [1], null]],
  ['Muon', 'nesterov', ['no', 1]],
])('%s refuses as %s any of %j', (className, option, values) => {
  const [, make] = others.find(([name]) => name === className)!;
  for (const value of values) refuses(make, option, value, option);
});

describe('a schedule', () => {
  const run = { epochs: 10, stepsPerEpoch: 7 };
  test.each([
    [{ name: 'linear' }, 'linear'],
    [{ name: 'cosine', firstCycle: 2 }, 'firstCycle'],
    [{ name: 'step', at: [0.5, 0.2] }, 'at must'],
    [{ name: 'step', at: [2] }, 'at must'],
    [{ name: 'step', factor: -1 }, 'factor'],
    [{ name: 'warm-restarts' }, 'cycle'],
    [{ name: 'warm-restarts', firstCycle: 1, multiply: 0.5 }, 'multiply'],
    [{ name: 'wsd', decay: 0 }, 'decay'],
    [{ name: 'wsd', decay: 1.5 }, 'decay'],
    [{ name: 'wsd', shape: 'cosine' }, 'shape'],
    [{ name: 'cosine', epochs: 0 }, 'steps'],
    [{ name: 'cosine', epochs: 'ten' }, 'epochs'],
    [{ name: 'cosine', warmup: 10 }, 'warm-up'],
    [{ name: 'constant', toString: 1 }, 'toString'],
    [{}, 'schedule'],
  ])('%j is refused', (option, shown) => {
    const schedule = { ...run, ...option } as never;
    for (const make of [() => scheduleFunction(schedule), () => new AdamW({ ...rates, schedule })]) {
      const error = refusal(make);
      expect(error.code).toBe('option-invalid');
      expect(error.message).toContain(shown);
    }
  });
  test.each([
    { name: 'constant' },
    { name: 'step' },
    { name: 'step', at: [0.5], factor: 0.5 },
    { name: 'cosine' },
    { name: 'wsd' },
    { name: 'wsd', decay: 0.5, shape: 'linear' },
    { name: 'warm-restarts', firstCycle: 1 },
    { name: 'warm-restarts', firstCycle: 2.5, multiply: 1 },
  ] as const)('%j is that of a configuration file, with its defaults', (option) => {
    for (const warmup of [0, 1.5]) {
      const ours = scheduleFunction({ ...option, ...run, warmup });
      const expected = makeSchedule(scheduleSchema.parse(option), { ...run, warmup });
      for (let t = 1; t <= 70; t++) expect(ours(t)).toEqual(expected(t));
      expect(ours(1000)).toEqual(expected(70));
    }
  });
});

describe('a class made by extendWithDecoupledWeightDecay refuses', () => {
  const [className, make] = extended;
  const bare: Make = (options) => make({ weightDecay: 0.1, ...(options as object), learningRate: undefined });
  const refusesDecay = (name: string, value: unknown, shown: string) => {
    const error = refusal(() => make({ weightDecay: 0.1, [name]: value }));
    expect(error.code).toBe('option-invalid');
    expect(error.message).toContain(name);
    expect(error.message).toContain(shown);
  };
  test.each(NO_RATE)('weightDecay %j', (value, shown) => refusesDecay('weightDecay', value, shown));
  test.each(NO_INCLUDE)('include %j', (value, shown) => refusesDecay('include', value, shown));
  test('options of the class that was extended, in the decay', () => {
    expect(refusal(() => bare({})).message).toContain('learningRate');
  });
  test.each([undefined, null, 0.1])('%j in place of the decay', (decay) => {
    expect(refusal(() => make(decay)).message).toContain(className);
  });
  test('what is no class', () => {
    for (const base of [undefined, {}, tf.train.sgd(0.1), () => 1])
      expect(refusal(() => extendWithDecoupledWeightDecay(base as never)).code).toBe('option-invalid');
  });
});

describe('a setting changed between steps', () => {
  const changed = (change: (optimizer: AdamW) => void) => () => {
    const program = makeProgram();
    const optimizer = new AdamW({ ...rates, convention: 'normalized', cycleSteps: 4 });
    change(optimizer);
    try {
      return train(program, optimizer, 1);
    } finally {
      program.dispose();
    }
  };
  test.each(['learningRate', 'weightDecay', 'eta'] as const)('%s is checked before the step', (name) => {
    for (const value of [NaN, -1, Infinity, '0.1', null])
      expect(refusal(changed((optimizer) => (optimizer[name] = value as number))).message).toContain(name);
  });
  test('cycleSteps is checked before the step', () => {
    for (const value of [0, NaN, undefined])
      expect(refusal(changed((optimizer) => (optimizer.cycleSteps = value))).message).toContain('cycleSteps');
  });
  test('may fall below what float32 holds, as a schedule lets it', () => {
    expect(changed((optimizer) => (optimizer.learningRate = 1e-60))()).toHaveLength(9);
  });
  test('weightDecay of an extended class is checked before the step', () => {
    const program = makeProgram();
    const optimizer = new SGD({ weightDecay: 0.1 }, 0.1);
    optimizer.weightDecay = NaN;
    expect(refusal(() => train(program, optimizer, 1)).code).toBe('option-invalid');
  });
});
