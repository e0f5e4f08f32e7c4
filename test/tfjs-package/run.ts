/**
 * `npm run test:tfjs-package`: the package for tfjs programs as its users have it. It is built and packed, and its tarball is
 * installed into empty folders with the oldest and the newest tfjs that it allows. There README's example and every class
 * run in Node and, bundled, in Chromium; it is used by `require` and from TypeScript; and with adamw-bench in one program.
 *
 *   npm run test:tfjs-package
 *   npm run test:tfjs-package -- 3.0.0      with this tfjs only
 *
 * Wants dist/ and a registry. The last line is `N passed, N failed, N skipped`.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, hasChromium, inChromium, SHOW } from './chromium.js';
import {
  allClasses,
  example,
  NAME,
  PRINT,
  required,
  together,
  typed,
  type ClassesResult,
  type ExampleResult,
} from './programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'adamw-bench-tfjs-package-'));
const count = { passed: 0, failed: 0, skipped: 0 };

function sh(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** @param run throws if it fails; a string is why it could not be tried */
async function check(what: string, run: () => unknown): Promise<void> {
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  try {
    const reason = await run();
    const isSkipped = typeof reason === 'string';
    count[isSkipped ? 'skipped' : 'passed']++;
    console.log(
      `${isSkipped ? 'skipped' : 'ok     '} ${what}${isSkipped ? `: ${reason}` : ''} (${seconds()} s)`,
    );
  } catch (error) {
    count.failed++;
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    console.log(`FAILED  ${what} (${seconds()} s)\n${stdout}${stderr}${String((error as Error).stack)}`);
  }
}

/** An empty folder with packages installed. */
function install(name: string, packages: readonly string[]): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const flags = ['--no-fund', '--no-audit', '--ignore-scripts', '--omit=optional', '--silent'];
  sh('npm', ['install', ...flags, ...packages], folder);
  copyFileSync(new URL('classes.js', import.meta.url), join(folder, 'classes.js'));
  return folder;
}

/** Writes a program into a folder and runs it. @returns the JSON that it printed last */
function node(folder: string, file: string, program: string): unknown {
  writeFileSync(join(folder, file), program);
  return JSON.parse(sh(process.execPath, [file], folder).trim().split('\n').at(-1)!);
}

/** The copies of tfjs-core below a folder. */
function cores(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('@tensorflow/tfjs-core/package.json'))
    .map((file) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { version: string }).version);
}

/** The largest difference between two lists of numbers. */
const distance = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length ? Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) : Infinity;

function checkExample(found: unknown): void {
  const { losses, optimizer, iterations, config } = found as ExampleResult;
  const [fresh, half, whole] = losses;
  assert(half < fresh && whole < half, `losses ${losses.join(', ')}`);
  assert.deepEqual([optimizer, iterations, config['exclude']], ['AdamW', 320, 'rank1']);
  assert.deepEqual(config['schedule'], { name: 'cosine', epochs: 20, stepsPerEpoch: 16 });
}

/** @param tolerance to the values of the first run */
function checkClasses(found: unknown, reference: ClassesResult, tolerance: number): void {
  for (const [name, { values, resumed, loaded, leaked }] of Object.entries(found as ClassesResult)) {
    assert.equal(loaded, name);
    assert.equal(leaked, 0, `${name} leaves tensors behind`);
    assert.deepEqual(resumed, values, `${name} goes on in other steps after loading`);
    const far = distance(values, reference[name]!.values);
    assert(far <= tolerance, `${name} is ${far} away from the first run`);
  }
  assert.deepEqual(Object.keys(found as ClassesResult), Object.keys(reference));
}

/** Without types that lie around. */
const TYPES = { target: 'es2022', module: 'node16', moduleResolution: 'node16', types: [] };

let reference: ClassesResult | undefined;

async function inBrowser(folder: string, version: string): Promise<void> {
  if (!hasChromium) {
    count.skipped += 3;
    console.log('skipped in Chromium: there is none. apt install chromium, or set CHROMIUM');
    return;
  }
  const page = async (file: string, program: string) => {
    writeFileSync(join(folder, file), program);
    return await inChromium(await bundle(folder, file));
  };
  await check(`tfjs ${version}: README's example in Chromium`, async () =>
    checkExample(await page('example.browser.js', example(SHOW))),
  );
  await check(`tfjs ${version}: every class in Chromium, cpu`, async () =>
    checkClasses(await page('cpu.browser.js', allClasses('cpu', SHOW)), reference!, 1e-5),
  );
  await check(`tfjs ${version}: every class in Chromium, webgl`, async () => {
    const found = await page('webgl.browser.js', allClasses('webgl', SHOW));
    if (found === null) return 'there is no WebGL here';
    checkClasses(found, reference!, 1e-3);
    return undefined;
  });
}

async function withTfjs(tarball: string, wanted: string): Promise<void> {
  const folder = install(`tfjs-${wanted.replace(/\W/g, '')}`, [`@tensorflow/tfjs@${wanted}`, tarball]);
  const found = cores(folder);
  const version = found[0]!;
  await check(`tfjs ${version}: one copy of tfjs-core`, () =>
    assert.equal(found.length, 1, found.join(', ')),
  );
  await check(`tfjs ${version}: README's example in Node`, () =>
    checkExample(node(folder, 'example.js', example(PRINT))),
  );
  await check(`tfjs ${version}: every class in Node`, () => {
    const values = node(folder, 'program.js', allClasses('cpu', PRINT)) as ClassesResult;
    reference ??= values;
    checkClasses(values, reference, 1e-6);
  });
  await check(`tfjs ${version}: require`, () =>
    assert.deepEqual(node(folder, 'program.cjs', required), [0.5, -1]),
  );
  await check(`tfjs ${version}: types, as a module and as CommonJS`, () => {
    const files = ['typed.mts', 'typed.cts'];
    const compilerOptions = { ...{ noEmit: true, strict: true, skipLibCheck: true }, ...TYPES };
    for (const file of files) writeFileSync(join(folder, file), typed);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    sh(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], folder);
  });
  await inBrowser(folder, version);
}

async function withAdamwBench(tarball: string): Promise<void> {
  sh('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', scratch], root);
  const whole = readdirSync(scratch).find((file) => /^adamw-bench-\d/.test(file))!;
  const folder = install('both', ['@tensorflow/tfjs@4.22.0', tarball, join(scratch, whole)]);
  for (const [first, second] of [
    [NAME, 'adamw-bench'],
    ['adamw-bench', NAME],
  ] as const)
    await check(`${first} and then ${second} in one program`, () => {
      const found = node(folder, 'both.js', together(first, second)) as {
        one: ClassesResult;
        two: ClassesResult;
        codes: string[];
      };
      checkClasses(found.one, reference!, 0);
      checkClasses(found.two, reference!, 0);
      assert.deepEqual(found.codes, []);
    });
}

try {
  console.log(sh(process.execPath, ['packages/tfjs-weight-decay.mjs', scratch], root).trim());
  const tarball = join(
    scratch,
    readdirSync(scratch).find((file) => file.endsWith('.tgz'))!,
  );
  const { peerDependencies } = JSON.parse(
    readFileSync(join(root, 'packages/tfjs-weight-decay/package.json'), 'utf8'),
  ) as { peerDependencies: Record<string, string> };
  const [, oldest, below] = /^>=(\S+) (<\d+)$/.exec(peerDependencies['@tensorflow/tfjs-core']!)!;
  const asked = process.argv.slice(2);
  for (const wanted of asked.length > 0 ? asked : [below!, oldest!]) await withTfjs(tarball, wanted);
  if (asked.length === 0) await withAdamwBench(tarball);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const { passed, failed, skipped } = count;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
