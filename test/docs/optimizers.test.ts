/** docs/optimizers.md: which rule with which placement is compared with which library. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { familyOf, placementOf, placementProblem, PLACEMENTS } from '../../src/experiment/placement.js';
import type { Placement } from '../../src/experiment/placement.js';
import { RULE_NAMES, RULES, type RuleName } from '../../src/rules/index.js';
import { fixtureOf } from '../rules/fixtures.js';

const TITLES = { torch: 'PyTorch', optax: 'optax', keras: 'Keras' } as const;
type Library = keyof typeof TITLES;

const everyRule = [
  'adam', 'sgd', 'nesterov', 'amsgrad', 'adamax', 'nadam', 'radam', 'rmsprop', 'adagrad', 'adadelta', 'lion', 'muon',
] as const satisfies readonly RuleName[]; // prettier-ignore
const everyDecay = (names: readonly RuleName[]) =>
  Object.fromEntries(names.map((name) => [name, ['l2', 'decoupled', 'none'] as const]));

/** What each library has. No decay at all is wd = 0 in every rule of theirs: PyTorch's is not run once more for it. */
const HAS: Readonly<Record<Library, Partial<Record<RuleName, readonly Placement[]>>>> = {
  torch: {
    adam: ['l2', 'decoupled'],
    sgd: ['l2'],
    nesterov: ['l2'],
    amsgrad: ['l2', 'decoupled'],
    adamax: ['l2'],
    nadam: ['l2', 'decoupled'],
    radam: ['l2', 'decoupled'],
    rmsprop: ['l2'],
    adagrad: ['l2'],
    adadelta: ['l2'],
    muon: ['decoupled'],
  },
  // add_decayed_weights stands before or after any rule.
  optax: everyDecay(everyRule),
  // weight_decay of every optimizer, and penalties of the layers.
  keras: everyDecay(everyRule.filter((name) => name !== 'radam')),
};
const LIBRARIES = Object.keys(TITLES) as Library[];

/** "rule placement" of each run that agrees. */
const compared = (library: Library): ReadonlySet<string> =>
  new Set(
    fixtureOf(library)
      .runs.filter(({ difference }) => difference === undefined)
      .map(({ settings }) => `${familyOf(settings)} ${placementOf(settings)}`),
  );

describe.each(LIBRARIES)('%s', (library) => {
  test('is compared in every rule and placement that it has', () => {
    const all = Object.entries(HAS[library]).flatMap(([name, placements]) =>
      placements.map((placement) => `${name} ${placement}`),
    );
    expect([...compared(library)].sort()).toEqual(all.sort());
  });
});

/** A cell of the page's table. */
function cellOf(name: RuleName, placement: Placement): string {
  if (placementProblem({ name, placement }) !== undefined) return 'refused';
  const libraries = LIBRARIES.filter((library) => compared(library).has(`${name} ${placement}`));
  return libraries.length === 0 ? 'formula' : libraries.map((library) => TITLES[library]).join(', ');
}

test('the table of the page says what is compared with what', () => {
  const page = readFileSync('docs/optimizers.md', 'utf8');
  const section = page.slice(page.indexOf('## What is compared with what'));
  const rows = [...section.matchAll(/^\|(.+)\|$/gm)].map(([, row]) =>
    row!.split('|').map((cell) => cell.trim()),
  );
  const table = rows.filter(([first]) => !first!.startsWith('-')).slice(0, RULE_NAMES.length + 1);
  expect(table).toEqual([
    ['rule', ...PLACEMENTS.map((placement) => `\`${placement}\``)],
    ...RULE_NAMES.map((name) => [
      RULES[name].label,
      ...PLACEMENTS.map((placement) => cellOf(name, placement)),
    ]),
  ]);
});
