/** Small parts of the sweep: the folder's refusals, manifests, faults on demand. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { loadBackend } from '../../src/backends/index.js';
import { DirectoryError, explainingAccess, layout, takeDirectory } from '../../src/runner/directory.js';
import { faultsOf, parseFaults } from '../../src/runner/fault.js';
import { NUMERICS } from '../../src/experiment/cell.js';
import { extendManifest, hostFacts, packageVersion, readManifest } from '../../src/runner/manifest.js';
import { encodeLine } from '../../src/runner/journal.js';
import { cellOf, recordOf } from './records.js';
import { scratch } from './scratch.js';

const experiment = (changes: object = {}) =>
  experimentSchema.parse({
    name: 'x',
    dataset: { name: 'synthetic-mnist' },
    model: { name: 'mlp' },
    train: { epochs: 2 },
    optimizers: ['adam'],
    grid: { lr: [0.1], wd: [0] },
    ...changes,
  });

describe('a results folder', () => {
  it('is one process’s, unless the next one joins', async () => {
    const dir = join(scratch(), 'deep', 'results');
    const release = await takeDirectory(dir, experiment(), false);
    await expect(takeDirectory(dir, experiment(), false)).rejects.toThrow(
      new RegExp(`is in use by process ${process.pid} on .*--join`),
    );
    const leave = await takeDirectory(dir, experiment(), false, { join: true });
    await leave();
    await expect(takeDirectory(dir, experiment(), false)).rejects.toThrow(DirectoryError);
    await release();
    await (
      await takeDirectory(dir, experiment(), false)
    )();
    expect(existsSync(layout(dir).lock)).toBe(false);
  });

  it('of another configuration is refused once it has results, with what differs', async () => {
    const dir = scratch();
    await (
      await takeDirectory(dir, experiment(), false)
    )();
    // Nothing was trained yet: a mistake in the configuration may be corrected.
    await (
      await takeDirectory(dir, experiment({ train: { epochs: 3 } }), false)
    )();
    writeFileSync(layout(dir).journal, encodeLine(recordOf()));
    const other = experiment({ train: { epochs: 4 } });
    await expect(takeDirectory(dir, other, false)).rejects.toThrow(
      /-\s+epochs: 3\n\s+\+\s+epochs: 4[^]*--update/,
    );
    expect(readFileSync(layout(dir).config, 'utf8')).toContain('epochs: 3');
    await (
      await takeDirectory(dir, other, true)
    )();
    expect(readFileSync(layout(dir).config, 'utf8')).toContain('epochs: 4');
    // What decides no number may differ.
    const renamed = { train: { epochs: 4 }, workers: 3, name: 'renamed', description: 'd' };
    await (
      await takeDirectory(dir, experiment(renamed), false)
    )();
    expect(readFileSync(layout(dir).config, 'utf8')).toContain('renamed');
  });

  it('in use by another configuration cannot be joined, not with --update either', async () => {
    const dir = scratch();
    const release = await takeDirectory(dir, experiment(), false);
    const other = experiment({ train: { epochs: 4 } });
    for (const update of [false, true]) {
      await expect(takeDirectory(dir, other, update, { join: true })).rejects.toThrow(
        'another configuration',
      );
    }
    await release();
  });

  it('that is a file is refused', async () => {
    const dir = join(scratch(), 'file');
    writeFileSync(dir, '');
    await expect(takeDirectory(dir, experiment(), false)).rejects.toThrow(DirectoryError);
    await expect(takeDirectory(join(dir, 'below'), experiment(), false)).rejects.toThrow(DirectoryError);
    expect(readFileSync(dir, 'utf8')).toBe('');
  });

  it.each(Object.entries(constants.errno))('explains %s', async (code, errno) => {
    const cause = Object.assign(new Error(`${code}: said the system`), { code, errno: -errno });
    const error = await explainingAccess('results/x', () => Promise.reject(cause)).catch(
      (one: unknown) => one,
    );
    expect(error).toBeInstanceOf(DirectoryError);
    expect(error).toMatchObject({ exitCode: 2, cause });
    expect((error as Error).message).toMatch(/results\/x.*\. .*\(E[A-Z0-9]+: said the system\)$/);
  });

  it('leaves other errors as they are', async () => {
    const error = new TypeError('a defect');
    await expect(explainingAccess('x', () => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('a manifest', () => {
  it('gathers the sessions, and nothing secret', async () => {
    const session = {
      startedAt: '2026-01-02T03:04:05.678Z',
      workers: 2,
      backend: { name: 'cpu', available: true } as const,
      node: process.version,
      host: hostFacts(),
    };
    const data = { name: 'synthetic-mnist', fingerprint: 'f', warnings: [] };
    const first = await extendManifest(undefined, experiment(), data, 'adamw-bench run x.yaml', session, 0);
    const second = await extendManifest(first, experiment(), data, 'adamw-bench run x.yaml', session, 0);
    expect(second.sessions).toEqual([session, session]);
    expect(second).toMatchObject({
      adamwBench: packageVersion,
      numerics: NUMERICS,
      seeds: [0],
      dataset: data,
    });
    expect(JSON.stringify(second)).not.toContain(process.env.HOME ?? '\n');
    const file = join(scratch(), 'manifest.json');
    writeFileSync(file, JSON.stringify(second));
    expect(await readManifest(file)).toEqual(second);
  });

  it.each(['', '{', 'null', '[]', '{}', '{"sessions":[]}', '{"sessions":[],"dataset":null}'])(
    'that is %j counts as none',
    async (text) => {
      const file = join(scratch(), 'manifest.json');
      writeFileSync(file, text);
      expect(await readManifest(file)).toBeUndefined();
    },
  );

  it('that is a folder counts as none', async () => {
    const file = join(scratch(), 'manifest.json');
    mkdirSync(file);
    expect(await readManifest(file)).toBeUndefined();
  });
});

describe('faults on demand', () => {
  const at = (epoch: number, batch: number) => ({
    epoch,
    batch,
    lossSum: 0,
    wrong: 0,
    epochSeconds: 0,
    seconds: 0,
  });
  const job = { cell: cellOf(), label: 'AdamW' };

  it('strike the cell, the place and the attempts they are for', () => {
    const faults = parseFaults('throw:AdamW:1.5:2');
    const fail = faultsOf(faults, job, 2, 4);
    fail(at(1, 1));
    expect(() => fail(at(1, 2))).toThrow('a fault was asked for');
    faultsOf(faults, job, 3, 4)(at(2, 0));
    faultsOf(faults, { ...job, label: 'other' }, 1, 4)(at(2, 0));
    expect(() => faultsOf(parseFaults(`throw:${job.cell.id}:0`), job, 1, 4)(at(0, 1))).toThrow();
    expect(() => faultsOf(parseFaults('throw:*:0'), job, 9, 4)(at(0, 1))).toThrow();
  });

  it('of a device are refused where the backend has none', async () => {
    await loadBackend('cpu');
    for (const kind of ['lose-device', 'refuse-kernel', 'fill-device']) {
      expect(() => faultsOf(parseFaults(`${kind}:*:0`), job, 1, 4)(at(0, 1))).toThrow('no device');
    }
  });

  it('are none where none are asked for, and must be spelt right', () => {
    expect(parseFaults(undefined)).toEqual([]);
    expect(parseFaults('')).toEqual([]);
    for (const text of ['crush:x:1', 'crash', 'crash:x:one', 'crash:x:1:y']) {
      expect(() => parseFaults(text)).toThrow('ADAMW_BENCH_FAULT');
    }
  });
});
