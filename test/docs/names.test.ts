/** The names in the documentation: options, scripts and files. All must exist, and no option may be left out. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';

type Add = (program: Command, finish: (code: number) => void) => void;

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const textOf = (page: string) => readFileSync(page, 'utf8');

/** Options of other programs: npm, Redis, Slurm, pip, Docker and the scripts of bench/ and test/gpu/. */
const foreign: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['--omit', '--scale', '--only'],
  'CONTRIBUTING.md': ['--setup', '--config'],
  'docs/cluster.md': [
    ...[
      '--requirepass',
      '--appendonly',
      '--tls-port',
      '--tls-cert-file',
      '--tls-key-file',
      '--tls-auth-clients',
    ],
    ...['--bind', '--job-name', '--array', '--cpus-per-task', '--time', '--signal'],
  ],
  'docs/gpu.md': [
    ...['--no-deps', '--only-binary', '--python-version', '--implementation', '--platform', '--gpus'],
    ...['--setup', '--rehearse', '--omit', '--device', '--summary', '--config'],
  ],
  'docs/errors.md': ['--omit'],
  'docs/paper.md': ['--scale'],
  'docs/report.md': ['--scale'],
  'docs/tfjs.md': ['--save-exact', '--write'],
};

async function optionsOfProgram(): Promise<Set<string>> {
  const program = new Command('adamw-bench');
  for (const file of readdirSync('src/cli/commands')) {
    const loaded = (await import(`../../src/cli/commands/${file.replace('.ts', '')}.ts`)) as Record<
      string,
      unknown
    >;
    for (const [name, add] of Object.entries(loaded))
      if (name.startsWith('add')) (add as Add)(program, () => undefined);
  }
  const optionsOf = (command: Command): string[] => [
    ...command.options.map(({ long }) => long ?? ''),
    ...command.commands.flatMap(optionsOf),
  ];
  return new Set([...optionsOf(program), '--help']);
}

const options = await optionsOfProgram();
const optionsIn = (text: string) => [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([name]) => name);

describe('options', () => {
  test('are found', () => expect(options.size).toBeGreaterThan(40));

  // The options of docs/benchmarks.md are those of `npm run bench`.
  test.each(pages.filter((page) => page !== 'docs/benchmarks.md'))('in %s exist', (page) => {
    const unknown = optionsIn(textOf(page)).filter((name) => !options.has(name));
    expect(unknown.filter((name) => !foreign[page]?.includes(name))).toEqual([]);
  });

  test('of the program are all documented', () => {
    const documented = new Set(pages.flatMap((page) => optionsIn(textOf(page))));
    expect([...options].filter((name) => !documented.has(name))).toEqual([]);
  });
});

test.each(pages)('%s names scripts that exist', (page) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const named = [...textOf(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test.each(pages)('%s names files that exist', (page) => {
  const named = [
    ...textOf(page).matchAll(/(?<=[\s`(])(?:src|test|bench|configs|native|packages|\.ci)\/[\w./-]+/g),
  ];
  const files = named.map(([name]) => name.replace(/[.,:]+$/, ''));
  // What a reader is to write.
  const own = ['src/models/residualMlp.ts', 'src/rules/adabelief.ts'];
  expect(files.filter((file) => !existsSync(file) && !own.includes(file))).toEqual([]);
});
