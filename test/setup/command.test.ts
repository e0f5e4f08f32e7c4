/** `adamw-bench setup` as a user types it: what it refuses, and that nothing is left of what it refused. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOME_VARIABLE } from '../../src/backends/tensorflowHome.js';
import { adamwBench, scratch } from '../cli/cli.js';

const here = process.platform === 'linux' && process.arch === 'x64';

/** An empty place for a set-up, and the environment that names it. */
function place(more: Readonly<Record<string, string>> = {}) {
  const folder = scratch();
  const home = join(folder, 'tensorflow');
  return { folder, home, options: { env: { [HOME_VARIABLE]: home, ...more } } };
}

describe('setup', () => {
  it.each([
    ['nothing named', ['setup']],
    ['something unknown', ['setup', 'rocm']],
    ['two things at once', ['setup', '--check', '--remove']],
  ])('refuses %s', async (_, args) => {
    const { options, folder } = place();
    expect(await adamwBench(args, options)).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('--check ends with 2 where nothing is set up, and changes nothing', async () => {
    const { options, folder } = place();
    expect(await adamwBench(['setup', '--check'], options)).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('--remove of nothing ends well', async () => {
    const { options, home } = place();
    expect(await adamwBench(['setup', '--remove'], options)).toMatchObject({ code: 0 });
    expect(existsSync(home)).toBe(false);
  });

  it.skipIf(!here)('wants a compiler before it fetches anything', async () => {
    const { options, folder } = place({ CXX: '/nowhere/g++' });
    const { code, stderr } = await adamwBench(['setup', 'tensorflow'], options);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('/nowhere/g++');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(!here)('names what a folder given with --from lacks, and puts nothing in place', async () => {
    const { options, folder } = place();
    const wheels = scratch();
    const { code, stderr } = await adamwBench(['setup', 'tensorflow', '--from', wheels], options);
    expect(code).toBe(2);
    expect(stderr).toContain('tensorflow_cpu-2.21.0');
    expect(stderr).toContain('tensorflow-tfjs-node-gpu-4.22.0.tgz');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(!here)('touches no folder with files of somebody else’s', async () => {
    const { options } = place();
    const other = scratch();
    writeFileSync(join(other, 'thesis.tex'), 'x');
    expect(await adamwBench(['setup', 'tensorflow', '--dir', other], options)).toMatchObject({ code: 2 });
    expect(await adamwBench(['setup', '--remove', '--dir', other], options)).toMatchObject({ code: 2 });
    expect(readdirSync(other)).toEqual(['thesis.tex']);
  });

  it.skipIf(!here)('says so where it may not write', async () => {
    const { options } = place();
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    mkdirSync(join(scratch(), 'x'));
    const { code, stderr } = await adamwBench(['setup', 'tensorflow', '--dir', join(file, 'x')], options);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
