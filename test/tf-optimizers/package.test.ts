/**
 * The package for tfjs programs as it is built here: small, without dependencies, and beside adamw-bench in one program. What
 * needs a registry or a browser is tried by `npm run test:tfjs-package`.
 */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  allClasses,
  example,
  NAME,
  PRINT,
  required,
  together,
  type ClassesResult,
  type ExampleResult,
} from '../tfjs-package/programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'adamw-bench-tfjs-'));
  await run(process.execPath, [join(root, 'packages', 'tfjs-weight-decay.mjs'), folder], { cwd: root });
  mkdirSync(join(folder, 'node_modules', '@adamw-bench'), { recursive: true });
  for (const [name, path] of [
    [NAME, 'packages/tfjs-weight-decay'],
    ['@tensorflow', 'node_modules/@tensorflow'],
    ['adamw-bench', '.'],
  ])
    symlinkSync(join(root, path!), join(folder, 'node_modules', name!));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  copyFileSync(join(root, 'test/tfjs-package/classes.js'), join(folder, 'classes.js'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function result<T>(file: string, program: string): Promise<T> {
  writeFileSync(join(folder, file), program);
  const { stdout } = await run(process.execPath, [file], { cwd: folder });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

test('its tarball has at most 60 kB and asks for nothing but tfjs', () => {
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))!;
  expect(statSync(join(folder, tarball)).size).toBeLessThan(60_000);
  const stated = JSON.parse(
    readFileSync(join(root, 'packages/tfjs-weight-decay/package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  expect(stated['dependencies']).toBeUndefined();
  expect(Object.keys(stated['peerDependencies']!)).toEqual([
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-layers',
  ]);
});

test('README’s first example compiles, fits, saves, loads and goes on', async () => {
  const { losses, optimizer, iterations, config } = await result<ExampleResult>('example.js', example(PRINT));
  expect(losses[1]).toBeLessThan(losses[0]);
  expect(losses[2]).toBeLessThan(losses[1]);
  expect([optimizer, iterations, config['exclude']]).toEqual(['AdamW', 320, 'rank1']);
});

test('it can be required', async () => {
  expect(await result('required.cjs', required)).toEqual([0.5, -1]);
});

test.each([
  [NAME, 'adamw-bench'],
  ['adamw-bench', NAME],
])('%s and then %s in one program: models of both load', async (first, second) => {
  const alone = await result<ClassesResult>('alone.js', allClasses('cpu', PRINT));
  for (const [name, { values, resumed, loaded, leaked }] of Object.entries(alone)) {
    expect([name, leaked, resumed]).toEqual([loaded, 0, values]);
  }
  const both = await result<{ one: unknown; two: unknown; codes: string[] }>(
    'both.js',
    together(first, second),
  );
  expect(both).toEqual({ one: alone, two: alone, codes: [] });
});
