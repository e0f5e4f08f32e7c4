import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  ConfigError,
  experimentSchema,
  experimentToYaml,
  loadExperiment,
  optimizerLabel,
  type Experiment,
} from '../../src/config/index.js';
import { VALID, folder } from './write.js';

const path = join(folder(), 'a.yaml');
function load(text: string | Uint8Array, set: readonly string[] = []): Experiment {
  writeFileSync(path, text);
  return loadExperiment(path, { set });
}

const lrs = fc.uniqueArray(fc.double({ min: 1e-12, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 5 });
const logspace = fc.record({
  logspace: fc.record(
    {
      base: fc.constantFrom(2, 10, 1.5),
      from: fc.integer({ min: -20, max: -1 }),
      to: fc.integer({ min: 0, max: 9 }),
      steps: fc.integer({ min: 2, max: 9 }),
    },
    { requiredKeys: ['from', 'to', 'steps'] },
  ),
});
const axis = fc.oneof(lrs, logspace);
const text = fc.string({ unit: 'grapheme', maxLength: 50 });
const label = fc.stringMatching(/^[A-Za-z0-9:#&*!|>'"%@`{}[\], -]{1,60}$/);
const optional = { requiredKeys: ['name'] as const };
const schedule = fc.oneof(
  fc.record({ name: fc.constantFrom('constant', 'cosine') }),
  fc.record({ name: fc.constant('warm-restarts'), firstCycle: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
  fc.record({
    name: fc.constant('step'),
    at: fc.constantFrom([0.5], [0.1, 0.9]),
    factor: fc.constantFrom(0.1, 0.5),
  }),
);
const name = fc.constantFrom('adam', 'adamw', 'sgd', 'sgdw');
const optimizer = fc.oneof(
  name,
  fc.record(
    {
      name,
      label,
      lr: axis,
      wd: axis,
      beta1: fc.double({ min: 0, max: 0.999, noNaN: true }),
      convention: fc.constantFrom('paper', 'lr', 'constant', 'normalized'),
      schedule,
      epochs: fc.integer({ min: 3, max: 9 }),
    },
    { requiredKeys: [...optional.requiredKeys] },
  ),
);
const optimizers = fc.uniqueArray(optimizer, {
  minLength: 1,
  maxLength: 4,
  selector: (o) =>
    typeof o === 'string'
      ? optimizerLabel({ name: o as 'adam' })
      : (o.label ?? optimizerLabel({ name: o.name as 'adam' })),
});
/** Configurations as a user may write them; nearly all are valid. */
const written = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/),
    description: text,
    dataset: fc.record(
      {
        name: fc.constantFrom('mnist', 'cifar10', 'synthetic-cifar'),
        train: fc.integer({ min: 200, max: 50_000 }),
        labelNoise: fc.double({ min: 0, max: 1, noNaN: true }),
        augment: fc.record({ crop: fc.nat(16), flip: fc.boolean() }, { requiredKeys: [] }),
      },
      { requiredKeys: ['name'] },
    ),
    model: fc.oneof(
      fc.record({
        name: fc.constant('mlp'),
        hidden: fc.array(fc.integer({ min: 1, max: 512 }), { maxLength: 3 }),
      }),
      fc.record({ name: fc.constant('resnet'), depth: fc.constantFrom(8, 14, 20) }),
      fc.record({ name: fc.constant('shake-shake'), per: fc.constantFrom('image', 'batch') }),
    ),
    train: fc.record(
      {
        epochs: fc.integer({ min: 3, max: 500 }),
        batchSize: fc.integer({ min: 1, max: 200 }),
        schedule,
        warmup: fc.double({ min: 0, max: 1, noNaN: true }),
        seeds: fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 4 }),
      },
      { requiredKeys: ['epochs'] },
    ),
    optimizers,
    grid: fc.record({ lr: axis, wd: axis }),
    workers: fc.integer({ min: 1, max: 64 }),
  },
  { requiredKeys: ['name', 'dataset', 'model', 'train', 'optimizers', 'grid'] },
);

test('a resolved configuration loads to the same experiment', () => {
  let valid = 0;
  fc.assert(
    fc.property(written, (config) => {
      const direct = experimentSchema.safeParse(config);
      fc.pre(direct.success);
      valid++;
      const loaded = load(stringify(config));
      expect(loaded).toEqual(direct.data);
      expect(load(experimentToYaml(loaded))).toEqual(loaded);
    }),
    { numRuns: 80 },
  );
  expect(valid).toBeGreaterThanOrEqual(80);
});

/** Either what is loaded or the number of complaints. */
function outcome(text: string | Uint8Array, set: readonly string[] = []): Experiment | number {
  try {
    return load(text, set);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.diagnostics.length).toBeGreaterThan(0);
    expect(error.message).not.toMatch(/undefined|\[object|Invalid input/);
    return error.diagnostics.length;
  }
}

test('--set is the same as editing the file, good value or bad', () => {
  const paths = [
    'train.epochs',
    'train.schedule',
    'dataset.train',
    'grid.lr',
    'grid.wd',
    'model.name',
    'name',
  ];
  const optimizerPaths = [
    'optimizers.1.lr',
    'optimizers.1.beta1',
    'optimizers.1',
    'optimizers',
    'train.nonsense',
  ];
  const value = fc.oneof(axis, schedule, optimizers, fc.jsonValue({ maxDepth: 2 }), fc.integer(), name);
  fc.assert(
    fc.property(fc.constantFrom(...paths, ...optimizerPaths), value, (at, to) => {
      fc.pre(!JSON.stringify(to).includes('__proto__'));
      const edited = parse(VALID) as Record<string, unknown>;
      const keys = at.split('.');
      let into = edited;
      for (const key of keys.slice(0, -1)) into = into[key] as Record<string, unknown>;
      into[keys.at(-1)!] = to;
      expect(outcome(VALID, [`${at}=${JSON.stringify(to)}`])).toEqual(outcome(stringify(edited)));
    }),
    { numRuns: 120 },
  );
});

test('garbage is refused with a ConfigError, never otherwise', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.jsonValue().map((value) => stringify(value)),
    fc
      .dictionary(fc.constantFrom('name', 'dataset', 'model', 'train', 'optimizers', 'grid'), fc.jsonValue())
      .map((v) => stringify(v)),
    fc
      .array(
        fc.constantFrom(
          'a',
          ': ',
          '- ',
          '\n',
          '  ',
          '[',
          ']',
          '{',
          '}',
          '&x ',
          '*x',
          '!t ',
          '"',
          "'",
          '|',
          '? ',
          '%',
          '---',
          '#',
          ',',
          '\t',
          '<<',
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(garbage, (text) => {
      expect(outcome(text)).toBeTypeOf('number');
    }),
    { numRuns: 400 },
  );
});

test('a valid file with anything pasted into it is loaded or refused with a ConfigError', () => {
  const pasted = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('\n', ': ', '[', '- ', '&a', '*a', '.nan', '!!x ', '\n---\n'),
  );
  fc.assert(
    fc.property(fc.nat(VALID.length), pasted, (at, text) => {
      outcome(VALID.slice(0, at) + text + VALID.slice(at));
    }),
    { numRuns: 150 },
  );
});

test('any --set text is applied or refused with a ConfigError', () => {
  const paths = fc.array(
    fc.constantFrom('train', 'epochs', 'optimizers', '0', '1', 'lr', '', ' ', 'x', '-1', '1e9'),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(
      paths,
      fc.constantFrom('=', '', '=='),
      fc.string({ maxLength: 20 }),
      (keys, equals, value) => {
        outcome(VALID, [keys.join('.') + equals + value]);
      },
    ),
    { numRuns: 150 },
  );
});
