/**
 * Every figure of the paper from one command, in order; run it again after an interruption and it goes on.
 *
 *   npm run reproduce -- --scale cpu     hours on two cores   (configs/paper/cpu/*.yaml)
 *   npm run reproduce -- --scale paper   the paper's sizes, for a GPU (configs/paper/*.yaml)
 *
 * Further options (--data-dir, --workers, --time-budget, ...) are handed to `adamw-bench run`; --only fig1,fig2
 * takes some of them. Results go to results/paper/<name> (or results/paper-full/<name>).
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const names = [
  'fig1',
  'fig2',
  'normalized',
  'normalized-batch-norm',
  'seed-claim',
  'conventions',
  'conventions-batch-norm',
  'fig4',
  'fig3',
  'pytorch-agreement',
];
// Paths below are relative to the repository, so that the commands in the manifests are right in every clone.
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const program = 'bin/adamw-bench.js';

const options = { scale: { type: 'string' }, only: { type: 'string' } };
const { values, tokens } = parseArgs({ options, strict: false, allowPositionals: true, tokens: true });
const scale = values.scale ?? 'cpu';
if (scale !== 'cpu' && scale !== 'paper') {
  console.error('--scale is cpu or paper. Example: npm run reproduce -- --scale cpu');
  process.exit(2);
}
/** At CPU scale some figures have a smaller sibling, and some exist only there: the paper's networks have batch norm. */
const configOf = (name) =>
  [...(scale === 'cpu' ? [`configs/paper/cpu/${name}.yaml`] : []), `configs/paper/${name}.yaml`].find(
    existsSync,
  );
const known = names.filter(configOf);
const only = typeof values.only === 'string' ? values.only.split(',') : known;
const unknown = only.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}. Choose from ${known.join(', ')}.`);
  process.exit(2);
}

/** The arguments that are not ours, as they were typed. */
const own = new Set(['scale', 'only']);
const args = process.argv.slice(2);
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
  const { status, signal } = spawnSync(
    process.execPath,
    [program, 'run', configOf(name), '--out', out, ...passed],
    {
      stdio: 'inherit',
    },
  );
  const code = signal ? 130 : (status ?? 1);
  // Stopped or refused: what follows would be too. Cells that failed are in the CSVs; the next figure goes on.
  if (code === 130 || code === 2) process.exit(code);
  worst = Math.max(worst, code);
}
process.exit(worst);
