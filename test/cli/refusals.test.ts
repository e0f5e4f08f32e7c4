/** What the command line refuses, in a sentence and with exit code 2. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeLine } from '../../src/runner/journal.js';
import { recordOf } from '../runner/records.js';
import { adamwBench, scratch } from './cli.js';
import { inThisProcess } from './inProcess.js';

describe('what is refused with exit code 2', () => {
  it.each([
    ['an unknown option', ['run', 'x.yaml', '--wrokers', '2'], 'unknown option'],
    ['an unknown option below', ['data', 'list', '--jsn'], 'unknown option'],
    ['an unknown command', ['walk'], 'unknown command'],
    ['no command', [], 'Usage:'],
    ['a missing configuration', ['run'], 'missing required argument'],
    ['a configuration that is not there', ['run', 'nowhere.yaml'], 'nowhere.yaml'],
    ['a time that is none', ['run', 'x.yaml', '--timeout', 'soon'], '90s, 10m or 2h'],
    ['no workers', ['run', 'x.yaml', '--workers', '0'], 'a whole number'],
    ['an override of nothing', ['run', 'configs/smoke.yaml', '--set', 'train.epoch=2'], 'epochs'],
    ['an unknown data set', ['data', 'fetch', 'cifer10'], 'There is no data set called cifer10. Choose from'],
    [
      'a network too deep for its images',
      ['plan', 'configs/smoke.yaml', '--set', 'model={ name: cnn, filters: [1, 1, 1, 1, 1] }'],
      'give model.filters at most 4 entries',
    ],
    ['an empty folder name', ['run', 'configs/smoke.yaml', '--out', ''], '--out is empty'],
    [
      'a folder that can never be',
      ['run', 'configs/smoke.yaml', '--out', '/proc/none/of/these'],
      '/proc/none/of/these',
    ],
    ['a data folder that can never be', ['data', 'fetch', 'mnist', '--data-dir', '/proc/none'], '--data-dir'],
    ['a backend that is none (eval)', ['eval', 'w.safetensors', '--backend', 'cuda'], 'Allowed choices are'],
    ['a backend that is none (worker)', ['worker', '--backend', 'foo'], 'Allowed choices are'],
    [
      'a stall time beyond timers',
      ['run', 'configs/smoke.yaml', '--queue', '--stall-time', '600h'],
      'at most 24d',
    ],
    ['a folder without results', ['report', 'configs'], 'has no runs.jsonl'],
    ['a results folder that is not there', ['report', 'nowhere'], 'nowhere does not exist. Make one with'],
    ['a file for a results folder', ['report', 'package.json'], 'package.json has no runs.jsonl'],
    [
      'a packed journal',
      ['report', 'results/paper/fig4'],
      'Unpack it first: gunzip results/paper/fig4/runs.jsonl.gz',
    ],
    [
      'a results folder that is not there (export)',
      ['export', 'nowhere', '--cell', '0', '--out', 'w'],
      'nowhere does not exist. Make one with',
    ],
    [
      'a file for a results folder (export)',
      ['export', 'package.json', '--cell', '0', '--out', 'w'],
      'package.json has no runs.jsonl',
    ],
    [
      'weights that are not there',
      ['eval', 'nowhere'],
      'nowhere does not exist, or something above it. Name a safetensors file',
    ],
    [
      'weights below a file',
      ['eval', 'package.json/w'],
      'package.json/w is not a folder, or something above it is a file.',
    ],
    ['a folder for weights', ['eval', 'configs'], 'configs is a folder, not a file. Name a safetensors file'],
    ['weights that are none', ['eval', 'package.json'], 'its header is cut off. Name a safetensors file'],
    ['a folder that is not there (init)', ['init', 'nowhere/x.yaml'], 'nowhere/x.yaml does not exist'],
  ])('%s', async (_what, args, message) => {
    const { code, stderr, stdout } = await inThisProcess(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
  });

  it('a report that cannot be written, by name', async () => {
    const dir = scratch();
    writeFileSync(join(dir, 'runs.jsonl'), encodeLine(recordOf()));
    mkdirSync(join(dir, 'runs.csv', 'in-the-way'), { recursive: true });
    const { code, stderr } = await inThisProcess(['report', dir]);
    expect(code).toBe(2);
    expect(stderr).toContain('runs.csv');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('a journal that cannot be read, by name', async () => {
    const dir = scratch();
    mkdirSync(join(dir, 'runs.jsonl'));
    for (const args of [
      ['report', dir],
      ['export', dir, '--cell', '0', '--out', 'w'],
    ]) {
      const { code, stderr } = await inThisProcess(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^\S+runs\.jsonl is a folder, not a file\.\n$/);
    }
  });

  const long = 'x'.repeat(300);
  it.each([
    ['run', (path: string) => ['run', 'configs/smoke.yaml', '--out', path]],
    ['run (configuration)', (path: string) => ['run', path]],
    ['run --queue', (path: string) => ['run', 'configs/smoke.yaml', '--queue', '--out', path]],
    ['plan', (path: string) => ['plan', path]],
    ['report', (path: string) => ['report', path]],
    ['report --serve', (path: string) => ['report', path, '--serve']],
    ['compare', (path: string) => ['compare', path, 'configs']],
    ['compare --out', (path: string) => ['compare', 'configs', 'configs', '--out', path]],
    ['export', (path: string) => ['export', path, '--cell', '0', '--out', 'w']],
    ['export --out', (path: string) => ['export', 'configs', '--cell', '0', '--out', path]],
    ['eval', (path: string) => ['eval', path]],
    ['init', (path: string) => ['init', path]],
  ])('%s of a path that no file can have, in a sentence', async (_command, args) => {
    const dir = scratch();
    symlinkSync('loop', join(dir, 'loop'));
    writeFileSync(join(dir, 'file'), '');
    for (const path of [join(dir, long), join(dir, 'loop', 'x'), join(dir, 'file', 'x')]) {
      const { code, stderr, stdout } = await inThisProcess(args(path));
      expect(code, stderr).toBe(2);
      expect(stderr).not.toMatch(/^\s+at |\bE[A-Z]{4,}:/m);
      expect(stdout).toBe('');
    }
  });

  it('as a process says it too', async () => {
    expect(await adamwBench(['run', 'x.yaml', '--wrokers'])).toMatchObject({ code: 2, stdout: '' });
  });
});
