/** Configurations that come with the package, by name where no such file exists. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundledConfigs, bundledFor } from '../../src/config/index.js';
import { adamwBench, journalLines, scratch } from './cli.js';

describe('a bundled configuration', () => {
  it.each([
    'quick',
    'quick.yaml',
    'configs/nothing/../quick.yaml',
    './quick',
    'paper/fig1',
    'configs/nothing/../paper/fig1.yaml',
  ])('is meant by %s where no such file exists', (name) =>
    expect(bundledFor(name)?.name).toBe(name.includes('fig1') ? 'paper/fig1' : 'quick'),
  );
  it.each(['configs/quick.yaml', '/nowhere/quick.yaml', '../quick', 'elsewhere/quick.yaml', 'configs', ''])(
    'is not meant by %s: it is a file, or somebody else’s name',
    (name) => expect(bundledFor(name)).toBeUndefined(),
  );
});

describe.concurrent('in a folder without configs/', () => {
  it('run and plan take the bundled file and say so', async () => {
    const cwd = scratch();
    const plan = await adamwBench(['plan', 'configs/quick.yaml', '--no-time', '--json'], { cwd });
    expect(plan.code).toBe(0);
    expect(JSON.parse(plan.stdout)).toMatchObject({ name: 'quick', cells: 144 });
    expect(plan.stderr).toContain('quick');
    const set = ['--set', 'optimizers=[adam]', '--set', 'grid={lr: [0.1], wd: [0]}', '--set', 'backend=cpu'];
    const run = await adamwBench(['run', 'smoke', ...set, '--no-figures'], { cwd });
    expect(run.code).toBe(0);
    expect(journalLines(join(cwd, 'results', 'smoke'))).toHaveLength(1);
  });

  it('a file of that name comes first, a folder does not', async () => {
    const cwd = scratch();
    mkdirSync(join(cwd, 'smoke'));
    writeFileSync(join(cwd, 'quick'), 'name: mine\n');
    expect(await adamwBench(['plan', 'smoke', '--no-time'], { cwd })).toMatchObject({ code: 0 });
    expect(await adamwBench(['plan', 'quick', '--no-time'], { cwd })).toMatchObject({ code: 2 });
  });

  it('init --list shows all of them and writes nothing', async () => {
    const cwd = scratch();
    const { code, stdout } = await adamwBench(['init', '--list'], { cwd });
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(bundledConfigs().map(({ name }) => name));
    expect(lines.every((line) => /^\S+ {2,}\S/.test(line))).toBe(true);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

it('plan shows the cells where the data are missing, and that the time needs them', async () => {
  // These data cannot be downloaded, so that no network decides.
  const set = ['--set', 'dataset.name=imagenet32'];
  const { code, stdout, stderr } = await adamwBench(['plan', 'configs/cifar.yaml', ...set]);
  expect(code).toBe(0);
  expect(stdout).toContain('196 cells');
  expect(stdout).not.toContain('a step');
  expect(stderr).toContain('imagenet32');
  const json = await adamwBench(['plan', 'configs/cifar.yaml', ...set, '--json']);
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({ cells: 196 });
  expect(JSON.parse(json.stdout)).not.toHaveProperty('seconds');
});

it.each(['99999', '-1', '1.5'])('a port of %s is refused before the folder is read', async (port) => {
  const { code, stderr } = await adamwBench(['report', 'configs', '--serve', `--port=${port}`]);
  expect(code).toBe(2);
  expect(stderr).toContain('65535');
});
