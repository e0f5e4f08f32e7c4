/** File systems that cannot flush: everything is written, and the user is told once. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { open } from 'node:fs/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { adamwBench, configure, journalLines, run, scratch } from '../cli/cli.js';

const twoCells = { optimizers: ['adamw'], grid: { lr: [0.01, 0.1], wd: [0] } };
const hasCompiler = process.platform === 'linux' && spawnSync('g++', ['--version']).status === 0;

/** A library whose fsync answers with the errno in $FSYNC_ERRNO, as such file systems do. */
const source = `
#include <cerrno>
#include <cstdlib>
static int refuse() { errno = atoi(getenv("FSYNC_ERRNO")); return -1; }
extern "C" int fsync(int) { return refuse(); }
extern "C" int fdatasync(int) { return refuse(); }
`;

// Where there is no g++, as on some people's machines: the errors below are then tested by none.
describe.skipIf(!hasCompiler)('a file system whose fsync fails (needs g++ on Linux)', () => {
  let library: string;
  beforeAll(() => {
    const folder = scratch();
    library = join(folder, 'refuse.so');
    writeFileSync(join(folder, 'refuse.cc'), source);
    const built = spawnSync('g++', ['-shared', '-fPIC', '-o', library, join(folder, 'refuse.cc')]);
    expect(built.status, built.stderr.toString()).toBe(0);
  });
  const failing = (errno: number) => ({ env: { LD_PRELOAD: library, FSYNC_ERRNO: String(errno) } });
  const { EINVAL, ENOSYS, ENOTSUP, EIO } = constants.errno;

  it.each(Object.entries({ EINVAL, ENOSYS, ENOTSUP }))(
    'with %s keeps every cell and tells it once',
    async (_name, errno) => {
      // prettier-ignore
      const { file, dir } = configure(twoCells);
      const { code, stdout, stderr } = await adamwBench(run(file, dir, '--json', '-w', '2'), failing(errno));
      expect(code, stderr).toBe(0);
      expect(journalLines(dir)).toHaveLength(2);
      const events = stdout.split('\n').filter(Boolean);
      const told = events.filter((line) => (JSON.parse(line) as { event: string }).event === 'notice');
      expect(told).toHaveLength(1);
      expect(stderr).toBe('');
    },
  );

  it('sets damaged lines aside as well, and writes a report', async () => {
    const { file, dir } = configure(twoCells);
    expect(await adamwBench(run(file, dir, '-q'), failing(EINVAL))).toMatchObject({ code: 0, stderr: '' });
    const journal = join(dir, 'runs.jsonl');
    const text = readFileSync(journal, 'utf8');
    writeFileSync(journal, text.replace('"status"', '"statos"'));
    expect(await adamwBench(run(file, dir, '-q'), failing(EINVAL))).toMatchObject({ code: 0 });
    expect(readFileSync(`${journal}.damaged`, 'utf8')).toContain('"statos"');
    expect(await adamwBench(['report', dir], failing(EINVAL))).toMatchObject({ code: 0 });
  });

  it('with EIO has lost data, and ends the sweep in a sentence', async () => {
    const { file, dir } = configure(twoCells);
    const { code, stderr } = await adamwBench(run(file, dir, '-q'), failing(EIO));
    expect(code).toBe(2);
    expect(stderr).toContain(dir);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('flush', () => {
  it('needs nothing of a handle but its descriptor', async () => {
    const { flush } = await import('../../src/files/flush.js');
    const handle = await open(join(scratch(), 'file'), 'w');
    // Yarn's Plug'n'Play has a FileHandle of its own, whose sync only throws.
    await expect(flush({ fd: handle.fd })).resolves.toBeUndefined();
    await handle.close();
    await expect(flush({ fd: 2 ** 20 })).rejects.toMatchObject({ code: 'EBADF' });
  });

  it.runIf(process.platform === 'linux')('of what cannot be flushed is told once in a process', async () => {
    vi.resetModules();
    const { flush, onUnflushable } = await import('../../src/files/flush.js');
    const told: string[] = [];
    onUnflushable((text) => told.push(text));
    // The kernel's own answer for a device without fsync is EINVAL.
    const device = await open('/dev/null', 'w');
    await flush(device);
    await flush(device);
    await device.close();
    expect(told).toHaveLength(1);
  });
});
