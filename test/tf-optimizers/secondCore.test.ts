/** A program with a tfjs of its own beside ours: it is told, and told what to do. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder with the built package, and with copies of tfjs's packages or with the very ones. */
function installed(tfjs: 'copied' | 'shared'): string {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-second-core-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const from = join(root, 'node_modules');
  const to = join(folder, 'node_modules');
  mkdirSync(to);
  for (const name of readdirSync(from).filter((name) => name !== '@tensorflow' && !name.startsWith('.')))
    symlinkSync(join(from, name), join(to, name));
  symlinkSync(root, join(to, 'adamw-bench'));
  if (tfjs === 'shared') symlinkSync(join(from, '@tensorflow'), join(to, '@tensorflow'));
  else copyTfjs(join(from, '@tensorflow'), join(to, '@tensorflow'));
  return folder;
}

/** Only what Node loads: a package's description and its bundle. */
function copyTfjs(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const bundle = join(from, name, 'dist', `${name.replace(/^tfjs/, 'tf')}.node.js`);
    if (!existsSync(bundle)) continue;
    mkdirSync(join(to, name, 'dist'), { recursive: true });
    cpSync(join(from, name, 'package.json'), join(to, name, 'package.json'));
    cpSync(bundle, join(to, name, 'dist', bundle.split('/').at(-1)!));
  }
}

const LOAD = `
const warnings = [];
process.on('warning', ({ code, message }) => code === 'second-tfjs-core' && warnings.push(message));
const layer = tf.layers.dense({ units: 1, inputShape: [1] });
const model = tf.sequential({ layers: [layer] });
model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
let artifacts;
await model.save({ save: async (saved) => { artifacts = saved; return {}; } }, { includeOptimizer: true });
artifacts.trainingConfig.optimizer_config = { class_name: 'AdamW', config: { learningRate: 1, weightDecay: 0 } };
const [specs] = [artifacts.weightSpecs.filter(({ group }) => group !== 'optimizer')];
const loaded = await tf.loadLayersModel({ load: async () => ({ ...artifacts, weightSpecs: specs }) })
  .then((model) => model.optimizer.getClassName(), () => 'refused');
new AdamW({ learningRate: 1, weightDecay: 0 });
await new Promise((resolve) => setTimeout(resolve));
console.log(JSON.stringify({ loaded, warnings }));
`;
const TFJS = "import * as tf from '@tensorflow/tfjs';\n";
const OURS = "import { AdamW } from 'adamw-bench';\n";

async function run(folder: string, program: string): Promise<{ loaded: string; warnings: string[] }> {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, program);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as { loaded: string; warnings: string[] };
}

const { dependencies, optionalDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as Record<'dependencies' | 'optionalDependencies', Record<string, string>>;
const tfjs = Object.fromEntries(
  Object.entries({ ...dependencies, ...optionalDependencies }).filter(([name]) =>
    name.startsWith('@tensorflow/'),
  ),
);

test('one version of tfjs is asked for, which is the one installed', () => {
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules/@tensorflow/tfjs-core/package.json'), 'utf8'),
  ) as { version: string };
  expect(new Set(Object.values(tfjs))).toEqual(new Set([version]));
});

test.each([
  ['first', TFJS + OURS],
  ['second', OURS + TFJS],
])('a program that imports a tfjs of its own %s is told once what to install', async (_order, imports) => {
  const { loaded, warnings } = await run(installed('copied'), imports + LOAD);
  // tfjs's own answer, which the warning explains.
  expect(loaded).toBe('refused');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`@tensorflow/tfjs@${tfjs['@tensorflow/tfjs']}`);
});

test.each([
  ['first', TFJS + OURS],
  ['second', OURS + TFJS],
])('a program that imports our tfjs %s is told nothing, and loads its model', async (_order, imports) => {
  expect(await run(installed('shared'), imports + LOAD)).toEqual({ loaded: 'AdamW', warnings: [] });
});
