/** docs/models.md: the table has every model, with its default settings and its parameters. */
import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { trainShape } from '../../src/data/index.js';
import { datasetSchema, modelSchema } from '../../src/experiment/specs.js';
import { buildModel } from '../../src/models/index.js';

const page = readFileSync('docs/models.md', 'utf8');
const rows = [...page.matchAll(/^\| `(\{name: .*?\})` +\| `([a-z0-9]+)` +\| ([0-9,]+) +\|/gm)].map(
  ([, settings, dataset, parameters]) => ({
    settings: settings!,
    dataset: dataset!,
    parameters: parameters!,
  }),
);

it('has every model once', () => {
  const names = modelSchema.options.map(({ shape }) => shape.name.value);
  expect(rows.map(({ settings }) => (parse(settings) as { name: string }).name).sort()).toEqual(names.sort());
});

test.each(rows)(
  '$settings has the defaults, and $parameters parameters',
  ({ settings, dataset, parameters }) => {
    const given = parse(settings) as { name: string };
    const spec = modelSchema.parse({ name: given.name });
    expect(given).toEqual(JSON.parse(JSON.stringify(spec)));
    const model = buildModel(spec, trainShape(datasetSchema.parse({ name: dataset })));
    expect(model.parameterCount.toLocaleString('en')).toBe(parameters);
  },
);
