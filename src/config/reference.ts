/** docs/config.md, made from the schema: every key with its type, default and meaning. */
import { choices, expectation } from './expectation.js';
import { editorSchema, settingsSchema, type JsonSchema } from './jsonSchema.js';

export function configReference(): string {
  const at = (...path: string[]): JsonSchema =>
    path.reduce((schema, key) => schema.properties?.[key] ?? {}, settingsSchema());
  const optimizers = at('optimizers').items?.anyOf?.find((s) => s.oneOf)?.oneOf ?? [];
  const axis = at('grid', 'lr').anyOf?.find((s) => s.type === 'object') ?? {};
  const extendsKey = editorSchema().$defs?.['complete']?.properties?.['extends'] ?? {};
  const top = { ...settingsSchema(), properties: { extends: extendsKey, ...settingsSchema().properties } };
  return [
    INTRODUCTION,
    '## The file',
    table(top),
    '## `dataset`',
    DATASET,
    ...datasets(at('dataset')),
    '## `model`',
    'A `name` and that network’s own keys.',
    ...variants('model', at('model')),
    '## `train`',
    table(at('train')),
    '### `train.schedule`',
    'A `name` and that schedule’s own keys; also `optimizers.N.schedule`.',
    ...variants('train.schedule', at('train', 'schedule')),
    '## `optimizers`',
    OPTIMIZERS,
    ...optimizerTables(optimizers),
    '## `confirm`',
    CONFIRM,
    table(at('confirm')),
    '## `endpoints`',
    ENDPOINTS,
    table(at('endpoints').items ?? {}),
    '## `grid`',
    table(at('grid')),
    '### Axes',
    AXES,
    table(axis.properties?.['logspace'] ?? {}),
    REFUSED,
  ].join('\n\n');
}

/** The data sets by name; those that the project knows share one table. */
function datasets(union: JsonSchema): string[] {
  const all = union.oneOf ?? [];
  const augment = all.find(({ properties }) => properties?.['augment'])?.properties?.['augment'] ?? {};
  const tables = all.flatMap(({ properties = {}, required = [] }) => {
    const { name = {}, ...own } = properties;
    const names = choices([name]);
    const title = names.map((one) => `\`${one}\``).join(', ');
    return [
      `#### ${title}`,
      ...(name.description ? [name.description] : []),
      table({ properties: own, required }),
    ];
  });
  return [...tables, '### `dataset.augment`', table(augment)];
}

function variants(section: string, union: JsonSchema): string[] {
  return (union.oneOf ?? []).flatMap((variant) => {
    const name = choices([variant.properties?.['name'] ?? {}])[0]!;
    const own = Object.entries(variant.properties ?? {}).filter(([key]) => key !== 'name');
    const title = `#### \`${section}: {name: ${name}}\``;
    if (own.length === 0) return [title, 'No keys of its own.'];
    return [title, table({ ...variant, properties: Object.fromEntries(own) })];
  });
}

/** What all optimizers have, and then what each rule has of its own. */
function optimizerTables(all: readonly JsonSchema[]): string[] {
  const keysOf = ({ properties = {} }: JsonSchema) => Object.keys(properties);
  const shared = keysOf(all[0]!).filter((key) => all.every((one) => keysOf(one).includes(key)));
  const pick = ({ properties = {} }: JsonSchema, wanted: (key: string) => boolean): JsonSchema => ({
    properties: Object.fromEntries(Object.entries(properties).filter(([key]) => wanted(key))),
  });
  const names = choices(all.map((one) => one.properties?.['name'] ?? {}));
  const common = pick(all[0]!, (key) => shared.includes(key));
  common.properties!['name'] = { enum: names, description: NAME };
  const groups = new Map<string, string[]>();
  all.forEach((one, i) => {
    const own = table(pick(one, (key) => !shared.includes(key)));
    groups.set(own, [...(groups.get(own) ?? []), names[i]!]);
  });
  const sections = [...groups].flatMap(([own, of]) => [
    `#### ${of.map((name) => `\`${name}\``).join(', ')}`,
    own,
  ]);
  return [table({ ...common, required: ['name'] }), '### The settings of each rule', ...sections];
}

function table(schema: JsonSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const cells = [`\`${key}\``, typeOf(value), defaultOf(key, value, schema), value.description ?? ''];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function typeOf(schema: JsonSchema): string {
  if (schema.oneOf) return 'a map, see below';
  if (schema.anyOf?.some(({ type }) => type === 'object')) return 'an [axis](#axes)';
  if (schema.type === 'object') return 'a map, see below';
  if (schema.anyOf?.some(({ type, anyOf }) => type === 'string' || anyOf))
    return 'a text, or a list of texts';
  const words = choices([schema]);
  if (words.length > 0) return words.map((word) => `\`${word}\``).join(', ');
  return expectation([schema]);
}

function defaultOf(key: string, schema: JsonSchema, parent: JsonSchema): string {
  if (schema.default === undefined) return parent.required?.includes(key) ? '**required**' : '';
  if (schema.default === '') return 'empty';
  return `\`${JSON.stringify(schema.default)}\``;
}

const INTRODUCTION = `# Configuration reference

<!-- Generated from src/experiment/ and src/config/reference.ts by \`npm run generate\`: edit these instead. -->

A configuration is one YAML file. \`adamw-bench init\` writes one with comments, and \`configs/\` holds more. An editor with
the YAML language server completes and checks a file that has this first line:

\`\`\`yaml
# yaml-language-server: $schema=./schema.json
\`\`\`

A small complete file:

\`\`\`yaml
name: first
dataset: { name: synthetic-mnist, train: 1000, test: 1000 }
model: { name: mlp, hidden: [64] }
train: { epochs: 4 }
optimizers: [adam, adamw]
grid:
  lr: { logspace: { base: 2, from: -10, to: -6, steps: 3 } }
  wd: [0, 0.0001, 0.001]
\`\`\`

## Overriding from the command line

\`--set PATH=VALUE\` changes one setting, as if you had edited the file. You can give it several times. PATH is keys
joined by dots; entries of lists have indexes from 0. VALUE is YAML:

\`\`\`sh
adamw-bench run configs/quick.yaml --set train.epochs=2 --set 'grid.lr=[0.001, 0.01]'
adamw-bench run configs/mnist.yaml --set optimizers.0.beta1=0.95 --set 'model={name: mlp}'
\`\`\`

## Inheriting from another file

\`extends\` names another file, relative to this one. This file inherits the settings of the other and gives only what
differs. Maps are merged key by key; lists and single values are replaced. If \`model\` or \`train.schedule\` has another
\`name\`, the whole map is replaced, because the old keys belong to the old variant. The other file may extend a third
one. Circles are refused.

\`\`\`yaml
extends: cifar.yaml
name: cifar-small
dataset: { train: 5000 } # the rest of dataset is cifar.yaml's
train: { epochs: 15 }
\`\`\``;

const NAME =
  'The rule of the update, see [optimizers.md](optimizers.md). adam, sgd: L2 regularisation of strength wd. adamw, sgdw: the same rules with decoupled weight decay wd.';

const DATASET = 'A `name` and the keys of that data set. [data.md](data.md) says what each is.';

const OPTIMIZERS = `A list. An entry is a word (\`adamw\`), or a map with a \`name\` and the settings that differ from \`grid\` and
\`train\`. Labels must be distinct, so two entries with the same \`name\` need a \`label\`, unless their \`placement\` differs. The
default labels are Adam+L2, AdamW, SGD+L2, SGDW, NAdam+L2, NAdamW and so on.

\`\`\`yaml
optimizers:
  - adam
  - adamw
  - { name: adamw, label: AdamW (PyTorch), convention: lr, wd: [0, 0.01, 0.1] }
  - { name: sgdw, lr: [0.01, 0.1], momentumForm: torch }
  - { name: nadam, placement: decoupled, convention: lr } # NAdamW
\`\`\``;

const CONFIRM = `A second stage, in the same folder and by the same command. It begins when every cell of the grid has a result or has failed
for good. Then each optimizer's best lr and wd are chosen: by validation error if images are held back, else by test error;
on the data set \`modular\`, by the steps until runs generalise. The choice is written to the manifest, and then trained on fresh
seeds.

\`\`\`yaml
confirm: { freshSeeds: 16, at: best }
\`\`\`

Heatmaps, figures and the statistics of the grid use \`train.seeds\` only. The difference between optimizers comes from the
fresh seeds, paired by seed: see [statistics.md](statistics.md#the-confirmation).

The choice stays. In the same folder another grid and other fresh seeds are refused, also with \`--update\`. Only
\`run --choose-again\` makes the choice anew. The manifest keeps the earlier choice, and the report says how many runs on fresh
seeds there were by then. With \`--retry-failed\` failed cells of both stages are trained once more. If the grid would then
choose other cells, the report says so, and the choice stays.`;

const ENDPOINTS = `What the experiment is to show, written down before it is run. The list and its hash are written to the manifest of the
results folder before the first cell is trained. The verdict answers the endpoints first. By its 95 % interval each one
holds, does not hold, or cannot be told. All other statistics are labelled exploratory.

\`\`\`yaml
endpoints:
  - { statistic: ridge_slope_quadratic, of: [adam, adamw], confirms: greater }
  - { statistic: ridge_slope, of: [adam], confirms: less, than: -0.3 }
  - { statistic: paired_difference, of: [adam, adamw], confirms: less } # of the second stage
\`\`\`

Once the folder has records, other endpoints are refused. \`run --amend-endpoints\` changes them openly: the manifest keeps
the earlier list, and the report says how many records there were by then. No cell is trained again for that.

Each entry has these keys:`;

const AXES = `\`lr\` and \`wd\`, in \`grid\` or in an optimizer, are a list of distinct values, in any order:

\`\`\`yaml
lr: [0.001, 0.01, 0.1]
\`\`\`

or values in equal ratios: \`base\` to the powers \`from\`, ..., \`to\`. \`values\` adds single values. This is
0 and 2^-16, 2^-14, 2^-12, 2^-10:

\`\`\`yaml
wd: { values: [0], logspace: { base: 2, from: -16, to: -10, steps: 4 } }
\`\`\`

The keys of \`logspace\`:`;

const REFUSED = `## What is refused

A configuration is checked before anything is trained. The message lists all problems at once, each with file, line,
column and what to do. The exit code is 2. These are refused:

- Unknown, duplicate and non-text keys; values of a wrong type, out of range, infinite or not a number.
- Learning rates, decays, schedule factors and the numbers of rules (\`eps\`, betas, ...) that float32 rounds to 0 or to infinity (training
  computes in float32, which holds about 1.4e-45 to 3.4e38), and betas that it rounds to 1.
- Numbers with leading zeros and octal numbers (\`010\`, \`0o10\`): YAML 1.1 and 1.2 read them differently. In
  \`[0,001]\` the decimal comma makes two numbers, 0 and 001; write a fraction with a point.
- No-break spaces, zero-width spaces and the like in a key or a value. Comments and descriptions may have them.
- Empty axes, and values that occur twice on one; optimizers with equal labels, or that differ only in their label.
  Labels that differ only in white space or in Unicode composition count as equal.
- More than 1,000,000 cells (optimizers x lr x wd x seeds).
- Subsets larger than the data set, a batch larger than the training set, a warm-up or a first restart cycle
  longer than the run.
- YAML tags (\`!!js/function\`), merge keys (\`<<\`), several documents in a file, aliases that expand to more than
  100,000 values, nesting deeper than 50, files over 1 MiB or not in UTF-8 (UTF-16 is named as such).
`;
