/** `run` as a user meets it: to the end, again, continued, refused. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeLine, encodeLine } from '../../src/runner/journal.js';
import { NUMERICS, identify } from '../../src/experiment/cell.js';
import {
  adamwBench,
  configure,
  csv,
  journalCells,
  journalLines,
  planned,
  results,
  run,
  start,
} from './cli.js';

const undisturbed = async (changes: object = {}) => {
  const { file, dir } = configure(changes);
  expect(await adamwBench(run(file, dir, '--quiet', '--workers', '1'))).toMatchObject({
    code: 0,
    stderr: '',
  });
  return results(dir);
};

describe.concurrent('a sweep', () => {
  it('runs to its end, leaves its files, and is not run again', async () => {
    const { file, dir } = configure();
    const first = await adamwBench(run(file, dir, '--workers', '2'));
    expect(first.code, first.stderr).toBe(0);
    expect(planned(first.stderr).slice(0, 3)).toEqual([8, 8, 2]);
    expect(first.stderr.match(/^\[\d\/8\] .* test error \d+\.\d\d% \(/gm)).toHaveLength(8);
    expect(first.stdout).toMatch(/\b8\b/);
    expect(first.stdout).toContain(join(dir, 'runs.csv'));
    expect(readdirSync(dir).sort()).toEqual([
      'config.yaml',
      'decoupling.csv',
      'epochs.csv',
      'manifest.json',
      'runs.csv',
      'runs.jsonl',
    ]);
    expect(csv(join(dir, 'runs.csv'))).toHaveLength(8);
    expect(csv(join(dir, 'epochs.csv'))).toHaveLength(24);

    const before = readFileSync(join(dir, 'runs.jsonl'));
    const manifest = readFileSync(join(dir, 'manifest.json'));
    const again = await adamwBench(run(file, dir));
    expect(again.code).toBe(0);
    expect(planned(again.stderr).slice(0, 3)).toEqual([8, 8, 0]);
    expect(readFileSync(join(dir, 'runs.jsonl'))).toEqual(before);
    expect(readFileSync(join(dir, 'manifest.json'))).toEqual(manifest);

    const more = await adamwBench(run(file, dir, '--set', 'train.seeds=[0,1]', '--update'));
    expect(more.code).toBe(0);
    expect(planned(more.stderr).slice(0, 3)).toEqual([16, 8, 8]);
    expect(readFileSync(join(dir, 'runs.jsonl')).subarray(0, before.length)).toEqual(before);
  });

  it('gives the same numbers with 1 and 2 workers, and again', async () => {
    const [one, two] = [
      configure({ optimizers: ['adam', 'sgdw'], backend: 'wasm' }),
      configure({ optimizers: ['adam', 'sgdw'], backend: 'wasm' }),
    ];
    for (const [{ file, dir }, workers] of [
      [one, '1'],
      [two, '2'],
    ] as const) {
      expect(await adamwBench(run(file, dir, '-q', '-w', workers))).toMatchObject({ code: 0 });
    }
    expect(results(two.dir)).toEqual(results(one.dir));
    rmSync(one.dir, { recursive: true });
    expect(await adamwBench(run(one.file, one.dir, '-q', '-w', '2'))).toMatchObject({ code: 0 });
    expect(results(one.dir)).toEqual(results(two.dir));
  });

  it('writes figures and a report unless told not to', async () => {
    const { file, dir } = configure({ optimizers: ['adam'] });
    const { code, stdout } = await adamwBench(['run', file, '--out', dir]);
    expect(code).toBe(0);
    expect(stdout).toContain(join(dir, 'report.html'));
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('<!doctype html>');
    expect(readdirSync(join(dir, 'figures')).some((name) => name.endsWith('.svg'))).toBe(true);
  });

  it('records a diverged cell with chance error, and goes on', async () => {
    const { file, dir } = configure({ optimizers: ['sgd'], grid: { lr: [1e30, 0.01], wd: [0] } });
    const { code, stdout } = await adamwBench(run(file, dir));
    expect(code).toBe(0);
    const rows = csv(join(dir, 'runs.csv'));
    const diverged = rows.find(({ lr }) => lr === '1e+30');
    expect(diverged).toMatchObject({ status: 'diverged', final_test_error: '0.9', final_train_loss: '' });
    expect(diverged!.reason).toMatch(/(NaN|Infinity).*\b1\b.*\d$/);
    expect(rows.find(({ lr }) => lr === '0.01')).toMatchObject({ status: 'ok' });
    expect(stdout).toMatch(/(^| )x( |$)/m);
  });

  it('trains the cells whose journal lines are damaged once more', async () => {
    const { file, dir } = configure();
    expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
    const whole = results(dir);
    const journal = join(dir, 'runs.jsonl');
    const lines = journalLines(dir);
    const flipped = lines[2]!.replace('"trainLoss":2', '"trainLoss":1');
    expect(flipped).not.toBe(lines[2]);
    writeFileSync(journal, lines.map((line, i) => (i === 2 ? flipped : line)).join('\n') + '\n');
    appendFileSync(journal, lines[7]!.slice(0, 99));
    const { code, stderr } = await adamwBench(run(file, dir));
    expect(code).toBe(0);
    expect(stderr).toContain(`${journal}.damaged`);
    expect(planned(stderr).slice(0, 3)).toEqual([8, 7, 1]);
    expect(readFileSync(`${journal}.damaged`, 'utf8').trim().split('\n')).toEqual([
      flipped,
      lines[7]!.slice(0, 99),
    ]);
    expect(results(dir)).toEqual(whole);
  });
});

describe.concurrent('what is refused with exit code 2, training nothing', () => {
  it('a folder of another configuration, which --update takes over', async () => {
    const { file, dir } = configure({ optimizers: ['adamw'] });
    expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
    const before = readFileSync(join(dir, 'runs.jsonl'));
    const other = ['--set', 'train.epochs=1'];
    const refused = await adamwBench(run(file, dir, ...other));
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^ *- +epochs: 3$[^]*^ *\+ +epochs: 1$[^]*--update/m);
    expect(readFileSync(join(dir, 'runs.jsonl'))).toEqual(before);
    expect(await adamwBench(run(file, dir, '-q', '-w', '1', '--update', ...other))).toMatchObject({
      code: 0,
    });
    expect(results(dir).runs.map(({ epochs }) => epochs)).toEqual(Array(4).fill('1'));
    const data = ['--update', '--set', 'dataset.subsetSeed=1', '--set', 'grid.lr=[0.1]'];
    expect(await adamwBench(run(file, dir, '-q', '-w', '1', ...data))).toMatchObject({ code: 0 });
    expect(results(dir).runs).toHaveLength(2);
  });

  it('data that are not there and cannot be had, in one sentence', async () => {
    const { file, dir } = configure({ dataset: { name: 'mnist', train: 60, test: 20 } });
    const { code, stderr } = await adamwBench(run(file, dir), {
      env: { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('train-images-idx3-ubyte.gz');
    expect(stderr).toMatch(/md5|checksum/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(dir, 'runs.jsonl'))).toBe(false);
  });
});

describe.concurrent('several coordinators on one folder', () => {
  it('share the cells with --join, also when one is killed, and each is trained once', async () => {
    const train = { epochs: 3, batchSize: 20, seeds: [0, 1] };
    const { file, dir } = configure({ train });
    const slow = { env: { ADAMW_BENCH_FAULT: 'slow:*:80' } };
    const more = ['-w', '1', '--json', '--checkpoint-epochs', '1'];
    const first = start(run(file, dir, ...more), slow);
    await first.saw(/"event":"record"/);

    // Without --join the second refuses and names the first.
    const refused = await adamwBench(run(file, dir));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(new RegExp(`\\b${first.pid}\\b.*--join`));
    expect(refused.stderr).not.toMatch(/^\s+at /m);

    const joined = [
      start(run(file, dir, ...more, '--join'), slow),
      start(run(file, dir, ...more, '--join'), slow),
    ];
    await Promise.all(joined.map(({ saw }) => saw(/"event":"start"/)));
    process.kill(first.pid, 'SIGKILL');
    const ends = await Promise.all(joined.map(({ ended }) => ended));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(new Set(journalCells(dir)).size).toBe(16);
    expect(journalLines(dir)).toHaveLength(16);
    const starts = [await first.ended, ...ends].map(
      ({ stdout }) => stdout.match(/"event":"start"/g)?.length ?? 0,
    );
    expect(Math.min(...starts)).toBeGreaterThan(0);
    // The cell that the killed one was in is started twice; no other is.
    expect(starts.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(17);
    expect(existsSync(join(dir, 'claims'))).toBe(false);
    expect(results(dir)).toEqual(await undisturbed({ train }));
  });
});

it.concurrent('keeps a folder that another backend filled apart, and says how to go on with it', async () => {
  const { file, dir } = configure({ optimizers: ['adam'], backend: 'auto' });
  expect(await adamwBench(run(file, dir, '-q', '-w', '1', '--set', 'backend=cpu'))).toMatchObject({
    code: 0,
  });
  const text = readFileSync(join(dir, 'config.yaml'), 'utf8').replace('backend: cpu', 'backend: wasm');
  writeFileSync(join(dir, 'config.yaml'), text);
  const { stderr } = await adamwBench(run(file, dir, '-w', '1', '--set', 'backend=wasm'));
  expect(stderr).toMatch(/\b4\b.*\bcpu\b.*\bwasm\b/);
  expect(stderr).toContain('--set backend=cpu');
  expect(journalLines(dir)).toHaveLength(8);
});

/** As if the version of the arithmetic before this one had trained the folder. */
function asTrainedBefore(dir: string): void {
  const older = journalLines(dir).map((line) => {
    const record = decodeLine(line)!;
    const { id, ...settings } = record.cell;
    const cell = identify({ ...settings, numerics: NUMERICS - 1 });
    expect(cell.id).not.toBe(id);
    return encodeLine({ ...record, cell });
  });
  writeFileSync(join(dir, 'runs.jsonl'), older.join(''));
  const file = join(dir, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...manifest, numerics: NUMERICS - 1 }));
}

it.concurrent('reports what another version of the arithmetic computed as that version did', async () => {
  const { file, dir } = configure();
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
  const errors = () => csv(join(dir, 'runs.csv')).map(({ label, final_test_error: error }) => [label, error]);
  const before = errors();
  asTrainedBefore(dir);
  const { code, stderr } = await adamwBench(['report', dir]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(errors()).toEqual(before);
  expect(csv(join(dir, 'runs.csv'))[0]!['numerics']).toBe(String(NUMERICS - 1));
});

it.concurrent('trains what another version of the arithmetic computed once more, and says so', async () => {
  const { file, dir } = configure({ optimizers: ['adam'] });
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
  asTrainedBefore(dir);
  const { stderr } = await adamwBench(run(file, dir, '-w', '1'));
  const explained = new RegExp(`\\b4\\b.*\\b${NUMERICS - 1}\\b.*\\b${NUMERICS}\\b`);
  expect(stderr).toMatch(explained);
  expect(journalLines(dir)).toHaveLength(8);
  // With every cell trained there is nothing to explain.
  expect((await adamwBench(run(file, dir, '-w', '1'))).stderr).not.toMatch(explained);
});

it.concurrent('clears what killed processes have left', async () => {
  const { file, dir } = configure({ optimizers: ['adam'] });
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
  mkdirSync(join(dir, 'checkpoints'));
  writeFileSync(join(dir, 'checkpoints', `${journalCells(dir)[0]}.safetensors`), 'left');
  mkdirSync(join(dir, 'claims'));
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'))).toMatchObject({ code: 0 });
  expect(existsSync(join(dir, 'checkpoints'))).toBe(false);
});
