import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { generatedFiles } from '../../src/config/generate.js';
import {
  cellCount,
  editorSchema,
  experimentToYaml,
  loadExperiment,
  starterYaml,
} from '../../src/config/index.js';
import { write } from './write.js';

const configs = readdirSync('configs', { recursive: true, encoding: 'utf8' }).filter((f) =>
  f.endsWith('.yaml'),
);
const validate = new Ajv2020({ strict: false }).compile(editorSchema());

test.each(Object.entries(generatedFiles()))('%s is what `npm run generate` writes', (path, text) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});

describe.each(configs)('configs/%s', (file) => {
  const path = join('configs', file);
  test('loads, and survives a round trip', () => {
    const experiment = loadExperiment(path);
    expect(cellCount(experiment)).toBeGreaterThan(0);
    expect(loadExperiment(write({ 'resolved.yaml': experimentToYaml(experiment) }))).toEqual(experiment);
  });
  test('names the schema, and editors find it valid', () => {
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=(\.\/|(\.\.\/)+)schema\.json\n/);
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });
});

test('names of shipped configurations are distinct: each has its own results', () => {
  const names = configs.map((file) => loadExperiment(join('configs', file)).name);
  expect(new Set(names).size).toBe(names.length);
});

test('the starter is valid as it is, and under another name', () => {
  expect(loadExperiment(write({ 'a.yaml': starterYaml() })).name).toBe('my-experiment');
  expect(loadExperiment(write({ 'a.yaml': starterYaml('other') })).name).toBe('other');
  expect(validate(parse(starterYaml()))).toBe(true);
});

test('the example in the reference is valid', () => {
  const example = /```yaml\n(name: first[^]*?)```/.exec(generatedFiles()['docs/config.md']!)![1]!;
  expect(cellCount(loadExperiment(write({ 'a.yaml': example })))).toBe(18);
});

test('editors refuse what the loader refuses', () => {
  const valid = { ...(parse(readFileSync('configs/smoke.yaml', 'utf8')) as Record<string, unknown>) };
  expect(validate(valid)).toBe(true);
  expect(validate({ ...valid, trian: {} })).toBe(false);
  expect(validate({ ...valid, model: { name: 'mlp', depth: 8 } })).toBe(false);
  expect(validate({ ...valid, model: undefined })).toBe(false);
  expect(validate({ extends: 'other.yaml', model: { depth: 8 } })).toBe(true);
  expect(validate({ extends: 'other.yaml', model: { dept: 8 } })).toBe(false);
});

test('the paper’s comparison has wd = 0 and the same size of grid for each optimizer', () => {
  const { optimizers } = loadExperiment('configs/cifar.yaml');
  expect(optimizers.map((o) => o.name)).toEqual(['sgd', 'sgdw', 'adam', 'adamw']);
  expect(cellCount(loadExperiment('configs/cifar.yaml'))).toBe(4 * 7 * 7);
  expect(cellCount(loadExperiment('configs/cifar-cpu.yaml'))).toBe(4 * 4 * 4);
  expect(cellCount(loadExperiment('configs/mnist.yaml'))).toBe(4 * 3 * 4);
  expect(loadExperiment('configs/cifar-cpu.yaml').dataset).toMatchObject({
    augment: { crop: 4, flip: true },
  });
});
