/** Every figure of the paper from one command, in order; run it again after an interruption and it goes on. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const names = [
  'fig1',
  'fig2',
  'normalized',
  'seed-claim',
  'conventions',
  'conventions-batch-norm',
  'fig4',
  'fig3',
  'ablation',
  'cifar',
  'ablation-cifar',
  'budgets',
  'pytorch-agreement',
];

const help = `Usage: npm run reproduce -- [options]

Trains the networks of every figure of the paper, one figure after the other, and draws them. Run the same command
again after an interruption and it goes on.

Options:
  --scale <size>    cpu: hours on two cores, results in results/paper/<name> (the default);
                    paper: the paper's sizes, for a GPU, results in results/paper-full/<name>
  --only <names>    some of ${names.join(', ')}
                    (budgets, and those with cifar, batch-norm or resnet in their names, at CPU scale only)
  -h, --help        this text

All other options are handed to adamw-bench run, but for --out: see npx adamw-bench run --help.

Examples:
  npm run reproduce                                               all, sized for two cores
  npm run reproduce -- --only fig1,fig2 --data-dir ~/data         two of them, with data of yours
  npm run reproduce -- --scale paper --time-budget 8h             as much of each as fits; again to go on`;

function refuse(sentence) {
  console.error(`${sentence} (add --help for the options and examples)`);
  process.exit(2);
}

const options = {
  scale: { type: 'string' },
  only: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};
const args = process.argv.slice(2);
const { values, tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
if (values.help) {
  console.log(help);
  process.exit(0);
}
const scale = values.scale ?? 'cpu';
if (scale !== 'cpu' && scale !== 'paper') refuse('--scale is cpu or paper.');

// Paths below are relative to the repository, so that the commands in the manifests are right in every clone.
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const program = 'bin/adamw-bench.js';

/** At CPU scale some figures have a smaller sibling; some exist only there, for the paper's networks have batch norm. */
const configOf = (name) => {
  const folders = scale === 'cpu' ? ['configs/paper/cpu', 'configs/paper'] : ['configs/paper'];
  return folders.map((folder) => `${folder}/${name}.yaml`).find((file) => existsSync(file));
};
const known = names.filter(configOf);
if (values.only === true || values.only === '') refuse(`--only needs names: ${known.join(', ')}.`);
const only = values.only?.split(',') ?? known;
const unknown = only.filter((name) => !known.includes(name));
if (unknown.length > 0) refuse(`There is no ${unknown.join(', ')}. Choose from ${known.join(', ')}.`);
// One folder cannot hold several figures, and what is written there is what the documents link to.
if (args.some((arg) => /^(--out(=|$)|-o)/.test(arg)))
  refuse('--out is not for here: each figure has its own folder. For another one: adamw-bench run --out.');

/** The arguments that are not ours, as they were typed. */
const own = new Set(Object.keys(options));
const skipped = new Set();
for (const token of tokens) {
  if (token.kind !== 'option' || !own.has(token.name)) continue;
  skipped.add(token.index);
  if (token.value === undefined || !token.inlineValue) skipped.add(token.index + 1);
}
const passed = args.filter((_, index) => !skipped.has(index));

let worst = 0;
for (const name of known.filter((one) => only.includes(one))) {
  const out = `results/${scale === 'cpu' ? 'paper' : 'paper-full'}/${name}`;
  console.log(`\n== ${name} -> ${out}`);
  const command = [program, 'run', configOf(name), '--out', out, ...passed];
  const { status, signal } = spawnSync(process.execPath, command, { stdio: 'inherit' });
  const code = signal ? 130 : (status ?? 1);
  // Stopped or refused: what follows would be too. Cells that failed are in the CSVs; the next figure goes on.
  if (code === 130 || code === 2) process.exit(code);
  worst = Math.max(worst, code);
}
process.exit(worst);
