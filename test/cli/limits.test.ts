/** Cells that fail, limits that are reached, disks that refuse: recorded, explained, never the journal's end. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJournal } from '../../src/runner/journal.js';
import { adamwBench, configure, csv, journalLines, planned, results, run, scratch, start } from './cli.js';

let whole: ReturnType<typeof results>;
beforeAll(async () => {
  const { file, dir } = configure();
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
  whole = results(dir);
});

const fault = (text: string) => ({ env: { ADAMW_BENCH_FAULT: text } });
const statuses = (dir: string) => csv(join(dir, 'runs.csv')).map(({ label, status }) => `${label} ${status}`);

describe.concurrent('a cell that fails', () => {
  it('by killing its worker twice is recorded with the reason, and the sweep goes on; --retry-failed mends it', async () => {
    const { file, dir } = configure();
    const first = await adamwBench(run(file, dir), fault('crash:AdamW:1'));
    expect(first.code, first.stderr).toBe(3);
    expect(first.stderr).toMatch(/\b4 of 8\b.*runs\.csv/);
    expect(statuses(dir).sort()).toEqual([
      ...Array<string>(4).fill('Adam+L2 ok'),
      ...Array<string>(4).fill('AdamW failed'),
    ]);
    for (const { label, reason, attempts, final_test_error: error } of csv(join(dir, 'runs.csv'))) {
      if (label === 'AdamW') {
        expect([attempts, error]).toEqual(['2', '']);
        expect(reason).toContain('SIGKILL');
      }
    }
    const again = await adamwBench(run(file, dir, '-w', '1'));
    expect(again.code).toBe(3);
    expect(planned(again.stderr).slice(0, 3)).toEqual([8, 8, 0]);
    const mended = await adamwBench(run(file, dir, '--retry-failed'));
    expect(mended.code).toBe(0);
    expect(planned(mended.stderr).slice(0, 3)).toEqual([8, 4, 4]);
    expect(results(dir)).toEqual(whole);
  });

  it('is not tried again with --retries 0, thrice with --retries 2', async () => {
    const { file, dir } = configure({ optimizers: ['adamw'], grid: { lr: [0.01], wd: [0] } });
    for (const retries of [0, 2]) {
      const out = join(dir, String(retries));
      const { code, stderr } = await adamwBench(
        run(file, out, '--retries', String(retries)),
        fault('throw:AdamW:1'),
      );
      expect(code).toBe(3);
      expect(stderr.match(/^[^[].*a fault was asked for/gm) ?? []).toHaveLength(retries);
      const failed = csv(join(out, 'runs.csv')).find(({ status }) => status === 'failed');
      expect(failed).toMatchObject({
        label: 'AdamW',
        reason: 'a fault was asked for',
        attempts: String(retries + 1),
      });
    }
  });

  it('ends the sweep with --fail-fast: exit code 3, and the rest stays to be trained', async () => {
    const { file, dir } = configure();
    const { code, stderr } = await adamwBench(
      run(file, dir, '--fail-fast', '--retries', '0', '-w', '1'),
      fault('throw:*:1'),
    );
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/--fail-fast.*\b1 of 8\b/);
    expect(journalLines(dir)).toHaveLength(1);
    expect(await adamwBench(run(file, dir, '-q', '-w', '1', '--retry-failed'))).toMatchObject({ code: 0 });
    expect(results(dir)).toEqual(whole);
  });

  it('by taking longer than --timeout is recorded so; given more time it ends as ever', async () => {
    const { file, dir } = configure({ grid: { lr: [0.01], wd: [0] } });
    const { code, stderr } = await adamwBench(
      run(file, dir, '--timeout', '8s', '--checkpoint-epochs', '1'),
      fault('hang:AdamW:2'),
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/\btimeout: .*\b8\b/);
    expect(csv(join(dir, 'runs.csv')).find(({ label }) => label === 'AdamW')).toMatchObject({
      status: 'timeout',
      attempts: '1',
    });
    // What it had reached is kept.
    expect(readdirSync(join(dir, 'checkpoints'))).toHaveLength(1);
    expect(await adamwBench(run(file, dir, '-q', '-w', '1', '--retry-failed'))).toMatchObject({ code: 0 });
    const own = whole.runs.filter(({ lr, wd }) => lr === '0.01' && wd === '0');
    expect(results(dir).runs).toEqual(own);
    expect(existsSync(join(dir, 'checkpoints'))).toBe(false);
  });

  it('by using more memory than --memory-limit is recorded so', async () => {
    const { file, dir } = configure({ optimizers: ['adam'], grid: { lr: [0.01], wd: [0] } });
    // The cell ends in milliseconds: sooner than two beats are apart.
    const { code, stderr } = await adamwBench(run(file, dir, '--memory-limit', '20M', '--retries', '0'));
    expect(code, stderr).toBe(3);
    expect(csv(join(dir, 'runs.csv'))[0]!.reason).toMatch(/\d+ MiB.*\b20 MiB$/);
  });
});

describe.concurrent('a worker that cannot be set up', () => {
  it('ends the sweep with exit code 1 and the reason; no cell is blamed', async () => {
    const { file, dir } = configure();
    const { code, stderr } = await adamwBench(run(file, dir, '-w', '1'), fault('nonsense'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/\b1: .*ADAMW_BENCH_FAULT .*nonsense/m);
    expect(journalLines(dir)).toEqual([]);
  });
});

describe.concurrent('a results folder', () => {
  it('that vanishes in mid-sweep ends it with a clear error', async () => {
    const { file, dir } = configure();
    const sweep = start(run(file, dir, '--json', '-w', '1'), fault('slow:*:80'));
    await sweep.saw(/"event":"record"/);
    renameSync(dir, `${dir}-moved`);
    const { code, stderr } = await sweep.ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain(dir);
    expect(stderr).not.toMatch(/^\s+at /m);
    const { records, damaged } = await readJournal(join(`${dir}-moved`, 'runs.jsonl'));
    expect(damaged).toEqual([]);
    rmSync(dir, { recursive: true, force: true });
    renameSync(`${dir}-moved`, dir);
    const again = await adamwBench(run(file, dir, '-w', '1'));
    expect(again.code, again.stderr).toBe(0);
    expect(planned(again.stderr).slice(0, 3)).toEqual([8, records.length, 8 - records.length]);
    expect(results(dir)).toEqual(whole);
  });

  it('whose journal is taken away in mid-sweep is not begun anew in silence', async () => {
    const { file, dir } = configure();
    const sweep = start(run(file, dir, '--json', '-w', '1'), fault('slow:*:80'));
    await sweep.saw(/"event":"record"/);
    rmSync(join(dir, 'runs.jsonl'));
    const { code, stderr } = await sweep.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(dir);
    expect(existsSync(join(dir, 'runs.jsonl'))).toBe(false);
  });

  it('that one may not write to is refused', async ({ skip }) => {
    const { file } = configure();
    const folder = scratch();
    const dir = join(folder, 'out');
    mkdirSync(dir);
    chmodSync(dir, 0o555);
    // Root may write everywhere; take another user.
    const isRoot = process.getuid?.() === 0;
    const through = ['setpriv', '--reuid', '65534', '--clear-groups'];
    if (isRoot) {
      if (spawnSync(through[0]!, [...through.slice(1), 'true']).status !== 0)
        skip('root, and no setpriv here');
      chmodSync(folder, 0o755);
      chmodSync(join(file, '..'), 0o755);
    }
    const { code, stderr } = await adamwBench(run(file, dir), isRoot ? { through } : {});
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(dir);
    expect(stderr).toContain('--out');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

/** A small file system of its own, where this user may mount one. */
function tinyDisk(kilobytes: number): { path: string; unmount(): void } | undefined {
  const path = scratch();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path]);
  return mount.status === 0 ? { path, unmount: () => void spawnSync('umount', ['-l', path]) } : undefined;
}

describe.concurrent('a disk', () => {
  it('that fills up in mid-sweep ends it with a clear error and a whole journal; with room it goes on', async ({
    skip,
  }) => {
    const disk = tinyDisk(400);
    if (!disk) return skip('only root can mount a small file system');
    try {
      const { file } = configure();
      const dir = join(disk.path, 'out');
      const sweep = start(run(file, dir, '--json', '-w', '1'), fault('slow:*:60'));
      await sweep.saw(/"event":"record"/);
      const ballast = join(disk.path, 'ballast');
      spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1k', 'count=1000']);
      const { code, stderr } = await sweep.ended;
      expect(code, stderr).toBe(1);
      expect(stderr).toContain(dir);
      const { records, damaged } = await readJournal(join(dir, 'runs.jsonl'));
      expect(damaged).toEqual([]);
      expect(records.length).toBeGreaterThan(0);
      expect(records.length).toBeLessThan(8);
      const stillFull = await adamwBench(run(file, dir));
      expect([1, 2]).toContain(stillFull.code);
      expect(stillFull.stderr).toContain(dir);
      rmSync(ballast);
      const again = await adamwBench(run(file, dir, '-w', '1'));
      expect(again.code, again.stderr).toBe(0);
      expect(planned(again.stderr).slice(0, 3)).toEqual([8, records.length, 8 - records.length]);
      expect(results(dir)).toEqual(whole);
    } finally {
      disk.unmount();
    }
  });

  it('that is full or read-only from the start is refused', async ({ skip }) => {
    const disk = tinyDisk(64);
    if (!disk) return skip('only root can mount a small file system');
    try {
      const { file } = configure();
      spawnSync('dd', ['if=/dev/zero', `of=${join(disk.path, 'ballast')}`, 'bs=1k', 'count=1000']);
      const full = await adamwBench(run(file, join(disk.path, 'out')));
      expect(full).toMatchObject({ code: 2, stderr: expect.stringContaining(disk.path) as string });
      spawnSync('mount', ['-o', 'remount,ro', disk.path]);
      const frozen = await adamwBench(run(file, join(disk.path, 'other')));
      expect(frozen).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(disk.path) as string,
      });
    } finally {
      disk.unmount();
    }
  });

  it('too small for the figures loses no result, and says how to write them', async ({ skip }) => {
    const disk = tinyDisk(160);
    if (!disk) return skip('only root can mount a small file system');
    try {
      const { file } = configure();
      const dir = join(disk.path, 'out');
      const { code, stderr } = await adamwBench(['run', file, '--out', dir]);
      expect(code, stderr).toBe(1);
      expect(stderr).toContain(`adamw-bench report ${dir}`);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect((await readJournal(join(dir, 'runs.jsonl'))).records).toHaveLength(8);
      expect(readdirSync(dir).some((name) => name.endsWith('.tmp'))).toBe(false);
    } finally {
      disk.unmount();
    }
  });
});

it.concurrent('has every result where weights cannot be kept, and says how many are missing', async () => {
  const { file, dir } = configure();
  mkdirSync(dir);
  writeFileSync(join(dir, 'weights'), 'in the way');
  const { code, stderr } = await adamwBench(run(file, dir, '-w', '1', '--keep-weights'));
  expect(code, stderr).toBe(0);
  expect(stderr.match(/^note: .*\b[0-9a-f]{8,}\b.*EEXIST/gm)).toHaveLength(8);
  expect(stderr).toMatch(new RegExp(`^note: .*\\b8 of 8\\b.*${join(dir, 'weights')}`, 'm'));
  expect(results(dir)).toEqual(whole);
});

it.concurrent('leaves a damaged config.yaml to its owner', async () => {
  const { file, dir } = configure({ grid: { lr: [0.01], wd: [0] } });
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
  writeFileSync(join(dir, 'config.yaml'), '{');
  const { code, stderr } = await adamwBench(run(file, dir));
  expect(code).toBe(2);
  expect(stderr).toContain('config.yaml');
  expect(readFileSync(join(dir, 'config.yaml'), 'utf8')).toBe('{');
});
