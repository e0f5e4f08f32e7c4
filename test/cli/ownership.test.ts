/** Nobody's files but ours are written over, moved or removed: what is in a folder before a command is there after it. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { reportFiles, requireOwn, sweepFiles } from '../../src/runner/index.js';
import { adamwBench, configure, journalLines, run, scratch } from './cli.js';
import { inThisProcess } from './inProcess.js';

const longAgo = new Date(Date.now() - 3_600_000);

/** Puts files, by their name in a folder, and makes them old. */
function put(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
    utimesSync(join(dir, name), longAgo, longAgo);
  }
}

/** Every file below a folder with its content, pipes and dangling links with their kind. */
function snapshot(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).sort();
  return Object.fromEntries(
    entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(dir.length + 1), existsSync(path) && statSync(path).isFile() ? readFileSync(path, 'latin1') : 'special']; // prettier-ignore
      }),
  );
}

/** Runs a command that must be refused (so no process is needed); the folder must be as before. @returns what it said */
async function expectRefused(dir: string, args: readonly string[]): Promise<string> {
  const before = snapshot(dir);
  const { code, stderr } = await inThisProcess(args);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code, stderr).toBe(2);
  expect(snapshot(dir)).toEqual(before);
  return stderr;
}

/** A finished results folder, with weights, figures and report. */
let finished: { readonly file: string; readonly dir: string };
beforeAll(async () => {
  finished = configure();
  const args = ['run', finished.file, '--out', finished.dir, '-q', '--keep-weights'];
  expect(await adamwBench(args)).toMatchObject({ code: 0 });
});

const everything = [...sweepFiles, ...reportFiles({ figures: true })];

/** A copy of the finished folder. */
function copy(): string {
  const dir = join(scratch(), 'copy');
  cpSync(finished.dir, dir, { recursive: true });
  return dir;
}

const cellIn = (dir: string) =>
  (JSON.parse(journalLines(dir)[0]!) as { record: { cell: { id: string } } }).record.cell.id;

describe('a folder that is not ours', () => {
  it('with the files of another program is refused, and every one of them named', async () => {
    const { file } = configure();
    const dir = dirname(file);
    renameSync(file, join(dir, 'config.yaml'));
    const files = { 'manifest.json': '{"name":"app"}', 'report.html': '<html>', 'runs.csv': 'a,b\n' };
    put(dir, { ...files, 'a.tmp': 'mine' });
    const said = await expectRefused(dir, ['run', join(dir, 'config.yaml'), '--out', dir, '-q']);
    for (const name of ['config.yaml', ...Object.keys(files)]) expect(said).toContain(name);
    expect(said).not.toContain('a.tmp');
    await expectRefused(dir, ['run', finished.file, '--out', dir, '-q', '--join']);
    const asProcess = await adamwBench(['run', 'config.yaml', '--out', '.', '-q'], { cwd: dir });
    expect(asProcess).toMatchObject({ code: 2, stdout: '' });
    expect(snapshot(dir)).toMatchObject(files);
  });

  it.each([
    ['config.yaml', 'name: mine\n'],
    ['config.yaml', ''],
    ['manifest.json', '{"sessions":[],"dataset":{"fingerprint":"x"}}'],
    ['runs.jsonl', '{"event":"start"}\n'],
    ['runs.jsonl', ''],
    ['runs.jsonl', `{"sha256":"${'0'.repeat(16)}","record":{}}\n`],
    ['runs.jsonl.damaged', 'mine'],
    ['runs.csv', 'label,optimizer,lr,wd,seed,status,final_test_error,final_train_loss\n'],
    ['epochs.csv', 'epoch\n'],
    ['decoupling.csv', 'x\n'],
    ['report.html', '<title>Mine · adamw-bench</title>'],
    ['figures/heatmaps.svg', '<svg/>'],
    ['figures/heatmaps.png', 'png'],
    ['figures/ridges.vl.json', '{}'],
    ['figures', 'a file'],
    ['checkpoints', 'a file'],
    ['claims', 'a file'],
    ['.lock', 'flock'],
    ['runs.jsonl.lock', 'flock'],
  ])('by %s alone is refused by run (%j)', async (name, text) => {
    const dir = scratch();
    put(dir, { [name]: text });
    const said = await expectRefused(dir, ['run', finished.file, '--out', dir, '-q']);
    expect(said).toContain(name);
  });

  it('by a pipe, a dangling link or a folder in a file’s place is refused', async () => {
    const dir = scratch();
    expect(spawnSync('mkfifo', [join(dir, 'runs.csv')]).status).toBe(0);
    symlinkSync('nowhere', join(dir, 'report.html'));
    mkdirSync(join(dir, 'config.yaml'));
    const said = await expectRefused(dir, ['run', finished.file, '--out', dir, '-q']);
    for (const name of ['runs.csv', 'report.html', 'config.yaml']) expect(said).toContain(name);
  });

  it('behind a link is refused too', async () => {
    const dir = scratch();
    put(dir, { 'report.html': 'mine' });
    const link = join(scratch(), 'link');
    symlinkSync(dir, link);
    await expectRefused(dir, ['run', finished.file, '--out', link, '-q']);
  });

  it('is no results folder to report, compare and export', async () => {
    const dir = scratch();
    put(dir, { 'runs.jsonl': '{"event":"start"}\n', 'runs.csv': 'a\n' });
    await expectRefused(dir, ['report', dir]);
    await expectRefused(dir, ['compare', dir, dir]);
    await expectRefused(dir, ['export', dir, '--cell', '0', '--out', join(dir, 'w')]);
  });
});

describe('a folder of ours', () => {
  it.each([
    ['report.html', '<title>mine</title>'],
    ['runs.csv', 'my,columns\n'],
    ['figures/heatmaps.svg', '<svg>mine</svg>'],
    ['manifest.json', '{"name":"app"}'],
    ['runs.jsonl', '{"event":"start"}\n'],
    ['runs.jsonl', `{"sha256":"${'0'.repeat(64)}","path":"x"}\n`],
  ])('with a foreign %s is refused by run', async (name, text) => {
    const dir = scratch();
    copyFileSync(join(finished.dir, 'config.yaml'), join(dir, 'config.yaml'));
    put(dir, { [name]: text });
    await expectRefused(dir, ['run', finished.file, '--out', dir, '-q']);
  });

  it.each([
    ['report.html', '<title>mine</title>'],
    ['epochs.csv', 'my,columns\n'],
    ['figures/ridges.svg', '<svg>mine</svg>'],
    ['figures/ridges.png', 'mine'],
  ])('with a foreign %s is refused by report', async (name, text) => {
    const dir = copy();
    for (const gone of ['svg', 'png']) rmSync(join(dir, `figures/ridges.${gone}`), { force: true });
    put(dir, { [name]: text });
    expect(await expectRefused(dir, ['report', dir])).toContain(name);
  });

  it('keeps what is nobody’s business, and is written all the same', async () => {
    const dir = scratch();
    const id = cellIn(finished.dir);
    const others = {
      '.DS_Store': 'x',
      'run.log': 'x',
      'a.tmp': 'x',
      'report.html': 'x', // --no-figures: not written
      'config.yaml.tmp': 'x',
      'notes.txt.12.0123abcd.tmp': 'x',
      weights: 'a file, and no weights are kept',
      'figures/heatmaps.svg': 'x',
      'checkpoints/a.safetensors': 'x',
      'checkpoints/a.tmp': 'x',
      [`checkpoints/${id}.safetensors.bak`]: 'x',
      'claims/editor.lock': 'x',
    };
    put(dir, { ...others, 'config.yaml.12.0123abcd.tmp': 'ours' });
    const { code, stderr } = await adamwBench(run(finished.file, dir, '-q'));
    expect(code, stderr).toBe(0);
    expect(snapshot(dir)).toMatchObject(others);
    expect(existsSync(join(dir, 'config.yaml.12.0123abcd.tmp'))).toBe(false);
    expect(journalLines(dir)).toHaveLength(8);
  });

  it('stays usable when its tables, figures and report are there', async () => {
    const dir = copy();
    expect(await adamwBench(['run', finished.file, '--out', dir, '-q'])).toMatchObject({ code: 0 });
    expect(await adamwBench(['report', dir])).toMatchObject({ code: 0 });
    expect(journalLines(dir)).toHaveLength(8);
  });

  it.each([
    [
      'only its lock and configuration',
      (dir: string) => {
        for (const name of readdirSync(dir))
          if (name !== 'config.yaml') rmSync(join(dir, name), { recursive: true });
        put(dir, { '.lock': JSON.stringify({ pid: 2 ** 22 + 1, host: 'gone', token: 't' }) });
      },
    ],
    ['an empty journal', (dir: string) => truncateSync(join(dir, 'runs.jsonl'), 0)],
    ['a journal of one torn line', (dir: string) => truncateSync(join(dir, 'runs.jsonl'), 200)],
    ['a journal of a few characters', (dir: string) => truncateSync(join(dir, 'runs.jsonl'), 13)],
    ['a journal of zeros', (dir: string) => writeFileSync(join(dir, 'runs.jsonl'), Buffer.alloc(4096))],
    ['tables that a power cut has emptied', (dir: string) => truncateSync(join(dir, 'runs.csv'), 0)],
    [
      'only its journal',
      (dir: string) => {
        for (const name of readdirSync(dir))
          if (name !== 'runs.jsonl') rmSync(join(dir, name), { recursive: true });
      },
    ],
  ] as [string, (dir: string) => void][])(
    'that a crash has left with %s stays ours',
    async (_what, damage) => {
      const dir = copy();
      damage(dir);
      await expect(requireOwn(dir, everything, '')).resolves.toBeUndefined();
    },
  );

  it('is gone on with where a crash has torn its only line', async () => {
    const dir = copy();
    truncateSync(join(dir, 'runs.jsonl'), 200);
    const { code, stderr } = await adamwBench(run(finished.file, dir, '-q'));
    expect(code, stderr).toBe(0);
    expect(journalLines(dir)).toHaveLength(8);
  });

  it.each(readdirSync('results/paper'))('of an earlier version is ours: %s', async (name) => {
    const dir = join(scratch(), name);
    cpSync(join('results/paper', name), dir, { recursive: true });
    await expect(requireOwn(dir, everything, '')).resolves.toBeUndefined();
    const journal = join(dir, 'runs.jsonl');
    writeFileSync(journal, gunzipSync(readFileSync(`${journal}.gz`)));
    for (const other of ['config.yaml', 'manifest.json']) rmSync(join(dir, other));
    await expect(requireOwn(dir, everything, '')).resolves.toBeUndefined();
  });
});

describe('the configuration given', () => {
  it.each([
    ['itself', (config: string) => config],
    [
      'through a symbolic link',
      (config: string) => {
        const link = join(scratch(), 'link.yaml');
        symlinkSync(config, link);
        return link;
      },
    ],
    [
      'through a hard link',
      (config: string) => {
        const link = join(dirname(config), 'other.yaml');
        linkSync(config, link);
        return link;
      },
    ],
  ] as [string, (config: string) => string][])(
    'is not written over where it is the folder’s own, %s',
    async (_how, given) => {
      // prettier-ignore
      const dir = copy();
      const config = join(dir, 'config.yaml');
      const path = given(config);
      const text = `${readFileSync(config, 'utf8')}# a note of mine\n`;
      writeFileSync(config, text);
      expect(await adamwBench(run(path, dir, '-q'))).toMatchObject({ code: 0 });
      expect(readFileSync(config, 'utf8')).toBe(text);
      const more = ['--set', 'train.epochs=2', '--update'];
      await expectRefused(dir, run(path, dir, '-q', ...more));
      rmSync(join(dir, 'runs.jsonl'));
      await expectRefused(dir, run(path, dir, '-q', ...more));
    },
  );
});

describe('a file that is to be written by --out', () => {
  const exporting = (out: string, ...more: string[]) => [
    ...['export', finished.dir, '--cell', cellIn(finished.dir), '--out', out],
    ...more,
  ];
  const comparing = (out: string, ...more: string[]) => [
    ...['compare', finished.dir, finished.dir, '--out', out],
    ...more,
  ];

  it.each([
    ['export', exporting],
    ['compare', comparing],
  ])('is replaced by %s only with --force', async (_command, args) => {
    const out = join(scratch(), 'out');
    writeFileSync(out, 'mine');
    expect(await inThisProcess(args(out))).toMatchObject({ code: 2 });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect(await inThisProcess(args(out, '--force'))).toMatchObject({ code: 0 });
    expect(readFileSync(out, 'utf8')).not.toBe('mine');
  });

  it.each([
    ['export', exporting],
    ['compare', comparing],
  ])('is none of a results folder’s own for %s, not with --force either', async (_command, args) => {
    const dir = copy();
    const link = join(scratch(), 'link');
    symlinkSync(join(dir, 'runs.jsonl'), link);
    const linked = join(scratch(), 'folder');
    symlinkSync(dir, linked);
    const own = readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const before = snapshot(dir);
    expect(own.length).toBeGreaterThan(15);
    const unborn = ['.lock', 'runs.jsonl.lock', 'runs.jsonl.damaged', 'claims/0123456789abcdef.lock'];
    rmSync(join(dir, 'report.html'));
    delete before['report.html'];
    for (const out of [...own, ...unborn.map((name) => join(dir, name)), link, join(linked, 'runs.jsonl')]) {
      expect(await inThisProcess(args(out, '--force')), out).toMatchObject({ code: 2 });
    }
    expect(snapshot(dir)).toEqual(before);
    expect(await inThisProcess(args(join(dir, 'mine')))).toMatchObject({ code: 0 });
  });

  it('is no folder, pipe or device', async () => {
    const folder = scratch();
    const pipe = join(folder, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    for (const out of [folder, pipe, '/dev/null']) {
      expect(await inThisProcess(exporting(out, '--force')), out).toMatchObject({ code: 2 });
    }
    expect(readdirSync(folder)).toEqual(['pipe']);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});
