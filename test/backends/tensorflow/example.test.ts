/** The example of docs/tfjs.md, as a program of its own that depends on the package. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratch } from '../../cli/cli.js';
import { cannotRecord, env } from './setUp.js';

/** Runs a module in a folder where adamw-bench and tfjs are installed. */
function runProgram(code: string): { status: number | null; stdout: string; stderr: string } {
  const folder = scratch();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('.'), join(folder, 'node_modules/adamw-bench'), 'dir');
  symlinkSync(resolve('node_modules/@tensorflow'), join(folder, 'node_modules/@tensorflow'), 'dir');
  writeFileSync(join(folder, 'program.mjs'), code);
  return spawnSync(process.execPath, [join(folder, 'program.mjs')], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
}

describe.skipIf(cannotRecord)('recordStep in a program of its own', () => {
  test('the example of the documentation learns, in one call a step', () => {
    const example = /^## Recorded steps$.*?^```js\n(.*?)^```/ms.exec(
      readFileSync('docs/tfjs.md', 'utf8'),
    )![1]!;
    const { status, stdout, stderr } = runProgram(`${example}\nconsole.log(step.isRecorded);`);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const lines = stdout.trim().split('\n');
    expect(lines.at(-1)).toBe('true');
    const losses = lines.slice(0, -1).map((line) => Number(line.split(' ')[1]));
    expect(losses).toHaveLength(6);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
  });

  const ownPackage = (before: string) => `
import { createRequire } from 'node:module';
import * as util from 'node:util';
import { prepareRecording, recordStep } from 'adamw-bench';
const require = createRequire(import.meta.url);
Object.assign(require('util'), { isNullOrUndefined: (x) => x == null, isArray: Array.isArray });
globalThis[Symbol.for('adamw-bench.tfjs')] = require;
${before}
const tf = require('${env['ADAMW_BENCH_TENSORFLOW']!}/package');
const step = recordStep((x) => tf.mul(x, 2));
try {
  for (let i = 0; i < 3; i++) console.log(step(tf.scalar(i)).dataSync()[0], step.isRecorded);
} catch (error) {
  console.log(error.code, error.message);
}`;

  test('a program that loads tfjs-node itself prepares for it', () => {
    const { stdout, stderr } = runProgram(ownPackage('prepareRecording();'));
    expect(stdout.trim().split('\n'), stderr).toEqual(['0 false', '2 false', '4 true']);
  });

  test('a program that has not is told what to do', () => {
    const { stdout } = runProgram(ownPackage(''));
    expect(stdout).toMatch(/^record-unavailable .*useTensorflow/);
  });
});
