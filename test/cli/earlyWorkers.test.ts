/** Workers start while the data are loaded: whatever ends the sweep meanwhile ends them, and says what it always said. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adamwBench, configure, csv, journalLines, run, runs, scratch, start, until } from './cli.js';

/** Has every worker process note its id as it starts, and then do something; the sweep's own process something else. */
function watched(then = '', inMain = '') {
  const folder = scratch();
  const [log, hook] = [join(folder, 'log'), join(folder, 'hook.mjs')];
  writeFileSync(
    hook,
    `import { appendFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import Module from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
const log = ${JSON.stringify(log)};
const started = () => fs.readFile(log, 'utf8').then((text) => text.split('\\n').length - 1, () => 0);
if (process.argv[1]?.endsWith('workerStart.js')) {
  appendFileSync(log, process.pid + '\\n');
  ${then}
} else {
  ${inMain}
}
`,
  );
  return {
    env: { NODE_OPTIONS: `--import=${hook}` },
    started: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number) : []),
  };
}

/** Takes longer to make than the tiny ones. */
const slowData = { dataset: { name: 'synthetic-mnist', train: 5000, test: 1000 } };

describe.concurrent('workers that start early', () => {
  it('are those that train: none is started twice', async () => {
    const { file, dir } = configure();
    const { env, started } = watched();
    expect(await adamwBench(run(file, dir, '-w', '2', '-q'), { env })).toMatchObject({ code: 0 });
    expect(started()).toHaveLength(2);
    expect(journalLines(dir)).toHaveLength(8);
  });

  it('are not started where there is nothing to do', async () => {
    const { file, dir } = configure();
    expect(await adamwBench(run(file, dir, '-q'))).toMatchObject({ code: 0 });
    const { env, started } = watched();
    expect(await adamwBench(run(file, dir, '-q'), { env })).toMatchObject({ code: 0 });
    expect(started()).toEqual([]);
  });

  it('are not started for cells that two optimizers share and that are there', async () => {
    const { file, dir } = configure({
      optimizers: [
        { name: 'adam', label: 'a' },
        { name: 'adam', label: 'b', lr: [0.1] },
      ],
    });
    expect(await adamwBench(run(file, dir, '-q'))).toMatchObject({ code: 0 });
    const rows = () => csv(join(dir, 'runs.csv'));
    const whole = rows();
    const { env, started } = watched();
    expect(await adamwBench(run(file, dir, '-q'), { env })).toMatchObject({ code: 0 });
    expect(started()).toEqual([]);
    expect(await adamwBench(['report', dir])).toMatchObject({ code: 0 });
    expect(rows()).toEqual(whole);
    expect(whole.map(({ label }) => label)).toEqual(['a', 'a', 'a', 'a', 'b', 'b']);
  });

  it('are no more than the cells that are missing', async () => {
    const { file, dir } = configure();
    expect(await adamwBench(run(file, dir, '-q'))).toMatchObject({ code: 0 });
    writeFileSync(join(dir, 'runs.jsonl'), `${journalLines(dir).slice(0, 7).join('\n')}\n`);
    const { env, started } = watched();
    expect(await adamwBench(run(file, dir, '-q', '-w', '2'), { env })).toMatchObject({ code: 0 });
    expect(started()).toHaveLength(1);
    expect(journalLines(dir)).toHaveLength(8);
  });

  it('end where the data cannot be read', async () => {
    const data = scratch();
    mkdirSync(join(data, 'mnist'));
    for (const name of ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'])
      writeFileSync(join(data, 'mnist', `${name}-ubyte`), 'no images');
    const { file, dir } = configure({ dataset: { name: 'mnist' } });
    // The sweep looks at its data when its workers are there.
    const { env, started } = watched(
      '',
      `for (const name of ['access', 'stat']) {
    const look = fs[name];
    fs[name] = async (path, ...rest) => {
      while (String(path).includes('-ubyte') && (await started()) < 2) await sleep(20);
      return look(path, ...rest);
    };
  }
  Module.syncBuiltinESMExports();`,
    );
    const { code, stderr } = await adamwBench(run(file, dir, '-w', '2', '--data-dir', data), { env });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain('-ubyte');
    expect(stderr).not.toContain('worker');
    expect(started()).toHaveLength(2);
    expect(started().filter(runs)).toEqual([]);
    expect(existsSync(join(dir, 'runs.jsonl'))).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('end with a sweep that gets %s as it starts', async (signal) => {
    const { file, dir } = configure(slowData);
    const { env, started } = watched();
    const sweep = start(run(file, dir, '-w', '2'), { env });
    await until(() => started().length >= 2 || sweep.child.exitCode !== null);
    // As a terminal does it: to every process of the group.
    process.kill(-sweep.pid, signal);
    const { code, stderr } = await sweep.ended;
    expect(code, stderr).toBe(130);
    expect(started().filter(runs)).toEqual([]);
    expect(await adamwBench(run(configure().file, dir, '-w', '1', '--update', '-q'))).toMatchObject({
      code: 0,
    });
  });

  it('end with a sweep that is killed as it starts', async () => {
    const { file, dir } = configure(slowData);
    const { env, started } = watched();
    const sweep = start(run(file, dir, '-w', '2'), { env });
    await until(() => started().length >= 2 || sweep.child.exitCode !== null);
    sweep.child.kill('SIGKILL');
    await sweep.ended;
    await until(() => !started().some(runs));
  });

  it('say why where their backend is missing', async () => {
    const { file, dir } = configure();
    // A package that does not load in workers alone.
    const { env, started } = watched(`const resolve = Module._resolveFilename;
  Module._resolveFilename = function (name, ...rest) {
    if (name === '@tensorflow/tfjs-backend-cpu') throw new Error('no such backend here');
    return resolve.call(this, name, ...rest);
  };`);
    const { code, stderr } = await adamwBench(run(file, dir, '-w', '1', '-q'), { env });
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(
      /^No worker could be started: The cpu backend cannot be used: no such backend here/,
    );
    // Once early, and once in earnest.
    expect(started()).toHaveLength(2);
    expect(journalLines(dir)).toEqual([]);
  });

  it('are replaced by others where the data came later than they', async () => {
    const { file, dir } = configure();
    const once = join(scratch(), 'once');
    // The first process finds no data, the second does.
    const { env, started } = watched(`import('node:fs').then(({ existsSync, writeFileSync }) => {
    if (existsSync(${JSON.stringify(once)})) return;
    writeFileSync(${JSON.stringify(once)}, '');
    const say = process.send;
    process.send = (message, ...rest) =>
      say.call(process, message.type === 'ready' ? { type: 'error', message: 'no data' } : message, ...rest);
  });`);
    const { code, stderr } = await adamwBench(run(file, dir, '-w', '1', '-q'), { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(started()).toHaveLength(2);
    expect(journalLines(dir)).toHaveLength(8);
  });
});
