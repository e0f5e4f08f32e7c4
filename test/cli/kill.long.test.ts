/** Sweeps that are interrupted in every way there is: no cell is lost or trained twice, and no number changes. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adamwBench,
  childrenOf,
  configure,
  csv,
  journalCells,
  journalLines,
  planned,
  results,
  run,
  runs,
  start,
  until,
  type Running,
} from './cli.js';

// Three seconds a cell: six epochs of three steps.
const slow = { env: { ADAMW_BENCH_FAULT: 'slow:*:160' } };
const train = { epochs: 6, batchSize: 20, seeds: [0, 1] };
let whole: ReturnType<typeof results>;
beforeAll(async () => {
  const { file, dir } = configure({ train });
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
  whole = results(dir);
});

/**
 * Waits until a sweep has some records and two cells are under way, one at least past its first checkpoint and both
 * with most of a second before them: whoever stops the sweep now stops it within its cells.
 */
async function midSweep({ saw }: Running, dir: string): Promise<void> {
  await saw(/"event":"record"/);
  await saw((stdout) => {
    const latest = new Map<number, { epoch?: number }>();
    for (const line of stdout.split('\n').slice(0, -1)) {
      const { event, slot, ...rest } = JSON.parse(line) as { event: string; slot?: number; epoch?: number };
      if (slot !== undefined) latest.set(slot, event === 'beat' ? rest : {});
    }
    const epochs = [...latest.values()].map(({ epoch }) => epoch ?? 0);
    return epochs.length === 2 && Math.max(...epochs) >= 1 && epochs.every((epoch) => epoch > 0 && epoch < 4);
  });
  const kept = join(dir, 'checkpoints');
  await until(() => existsSync(kept) && readdirSync(kept).some((name) => name.endsWith('.safetensors')));
}

/** Every cell must be there once, with the undisturbed run's numbers, and nothing else in the folder. */
function expectWhole(dir: string): void {
  expect(new Set(journalCells(dir)).size).toBe(16);
  expect(journalLines(dir)).toHaveLength(16);
  expect(results(dir)).toEqual(whole);
  expect(readdirSync(dir).sort()).toEqual([
    'config.yaml',
    'decoupling.csv',
    'epochs.csv',
    'manifest.json',
    'runs.csv',
    'runs.jsonl',
  ]);
}

const eager = ['--workers', '2', '--json', '--checkpoint-epochs', '1'];
// SIGHUP is a terminal's: terminal.test.ts.
const signals = ['SIGINT', 'SIGTERM'] as const;

describe.concurrent('a coordinator', () => {
  it('that is stopped by Ctrl-C, SIGTERM and kill -9 in turn loses nothing', async () => {
    const { file, dir } = configure({ train });
    let before: string[] = [];
    for (const signal of [...signals, 'SIGKILL'] as const) {
      const sweep = start(run(file, dir, ...eager), slow);
      await midSweep(sweep, dir);
      const workers = childrenOf(sweep.pid);
      expect(workers).toHaveLength(2);
      if (signal === 'SIGKILL') sweep.child.kill(signal);
      // As a terminal does it: to every process of the group.
      else process.kill(-sweep.pid, signal);
      const { code, stderr } = await sweep.ended;
      await until(() => !workers.some(runs));
      if (signal !== 'SIGKILL') {
        expect(code, stderr).toBe(130);
        expect(stderr).toMatch(new RegExp(`^${signal}: `, 'm'));
        expect(stderr).toMatch(new RegExp(`\\b${journalLines(dir).length} of 16\\b`));
        const left = readdirSync(join(dir, 'checkpoints'));
        expect(left.length).toBeGreaterThan(0);
        expect(left.every((name) => name.endsWith('.safetensors'))).toBe(true);
        expect(csv(join(dir, 'runs.csv'))).toHaveLength(journalLines(dir).length);
      }
      expect(existsSync(join(dir, '.lock'))).toBe(signal === 'SIGKILL');
      expect(journalLines(dir).slice(0, before.length)).toEqual(before);
      before = journalLines(dir);
    }
    expect(before.length).toBeLessThan(16);
    const last = await adamwBench(run(file, dir));
    expect(last.code, last.stderr).toBe(0);
    expect(planned(last.stderr).slice(0, 3)).toEqual([16, before.length, 16 - before.length]);
    expect(journalLines(dir).slice(0, before.length)).toEqual(before);
    expectWhole(dir);
  });

  it('stops at once on a second Ctrl-C, taking its workers along', async () => {
    const { file, dir } = configure({ train });
    // A hung worker keeps no checkpoint, so the first Ctrl-C has to wait.
    const sweep = start(run(file, dir, ...eager), { env: { ADAMW_BENCH_FAULT: 'hang:*:0' } });
    await sweep.saw(/"event":"beat"/);
    const workers = childrenOf(sweep.pid);
    process.kill(-sweep.pid, 'SIGINT');
    await sweep.saw(/SIGINT: /);
    process.kill(-sweep.pid, 'SIGINT');
    expect((await sweep.ended).code).toBe(130);
    await until(() => !workers.some(runs));
    expect(journalLines(dir)).toEqual([]);
  });

  it('stops after its time budget, exit code 130, whatever it has, and survives that nobody reads its output', async () => {
    const { file, dir } = configure({ train });
    const first = await adamwBench(run(file, dir, '--workers', '2', '--time-budget', '4s'), {
      env: { ADAMW_BENCH_FAULT: 'slow:*:200' },
    });
    expect(first.code, first.stderr).toBe(130);
    expect(journalLines(dir).length).toBeLessThan(16);
    expect(first.stderr).toMatch(new RegExp(`\\b${journalLines(dir).length} of 16\\b`));
    const second = start(run(file, dir, '--workers', '2', '--json'));
    await second.saw(/"event":"plan"/);
    second.child.stdout!.destroy();
    second.child.stderr!.destroy();
    expect((await second.ended).code).toBe(0);
    expectWhole(dir);
  });
});

describe.concurrent('a worker', () => {
  it('that is killed, and one that hangs (SIGSTOP), are replaced, and their cells continue', async () => {
    const { file, dir } = configure({ train });
    const limits = ['--retries', '3', '--hang-timeout', '3s'];
    const sweep = start(run(file, dir, ...eager, ...limits), slow);
    await midSweep(sweep, dir);
    const [killed, stopped] = childrenOf(sweep.pid) as [number, number];
    process.kill(stopped, 'SIGSTOP');
    process.kill(killed, 'SIGKILL');
    const { code, stdout } = await sweep.ended;
    expect(code).toBe(0);
    const said = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; text?: string });
    const notices = said.flatMap(({ event, text = '' }) => (event === 'notice' ? [text] : []));
    // The one was killed, the other silent for the 3 seconds of --hang-timeout.
    for (const why of [/\bSIGKILL\b/, /\b3\b/])
      expect(notices.filter((text) => why.test(text)).length).toBeGreaterThan(0);
    expect(stdout).toContain('"attempt":2');
    expect([killed, stopped].some(runs)).toBe(false);
    expectWhole(dir);
  });

  it('that kills itself, exits or throws has its cell trained again, from the checkpoint', async () => {
    const { file, dir } = configure({ train });
    const faults = 'crash:Adam+L2:1.5:1,exit:AdamW:1.5:1,throw:AdamW:2.5:2';
    const { code, stderr } = await adamwBench(
      run(file, dir, '--checkpoint-epochs', '1', '--retries', '2', '--set', 'grid.lr=[0.01]'),
      { env: { ADAMW_BENCH_FAULT: faults } },
    );
    expect(code, stderr).toBe(0);
    const again = (label: string, why: string) =>
      stderr.split('\n').filter((line) => line.includes(`(${label})`) && line.includes(why)).length;
    expect(again('Adam+L2', 'SIGKILL')).toBe(4);
    expect(again('AdamW', ' 7.')).toBe(4);
    expect(again('AdamW', 'a fault was asked for')).toBe(4);
    expect(results(dir).runs).toEqual(whole.runs.filter(({ lr }) => lr === '0.01'));
    const attempts = csv(join(dir, 'runs.csv')).map(({ label, attempts }) => `${label} ${attempts}`);
    expect(new Set(attempts)).toEqual(new Set(['Adam+L2 2', 'AdamW 3']));
  });
});

it('does not take workers for hung when all wake from a suspension (Ctrl-Z, fg)', async () => {
  const { file, dir } = configure({ train });
  const sweep = start(run(file, dir, ...eager, '--hang-timeout', '4s', '--retries', '0'), {
    env: { ADAMW_BENCH_FAULT: 'slow:*:30' },
  });
  await sweep.saw(/"event":"record"/);
  process.kill(-sweep.pid, 'SIGSTOP');
  await new Promise((go) => setTimeout(go, 5_000));
  process.kill(-sweep.pid, 'SIGCONT');
  expect((await sweep.ended).code).toBe(0);
  expectWhole(dir);
});
