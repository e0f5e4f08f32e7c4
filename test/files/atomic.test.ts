/** Atomic writes: the old content or the new, and nothing left behind. */
import { mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { clearTemporaries, writeAtomically } from '../../src/files/atomic.js';
import { scratch } from '../runner/scratch.js';

it('writes and replaces, leaving no temporary file', async () => {
  const folder = scratch();
  const file = join(folder, 'a');
  await writeAtomically(file, 'one');
  await writeAtomically(file, Uint8Array.of(0, 255));
  expect([...readFileSync(file)]).toEqual([0, 255]);
  expect(readdirSync(folder)).toEqual(['a']);
});

it('leaves one of the versions, whole, where many write at once', async () => {
  const folder = scratch();
  const file = join(folder, 'a');
  const versions = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
  const reading = { on: true };
  const reader = (async () => {
    while (reading.on) {
      const seen = await import('node:fs/promises').then((fs) =>
        fs.readFile(file, 'utf8').catch(() => undefined),
      );
      if (seen !== undefined) expect(versions).toContain(seen);
    }
  })();
  await Promise.all(versions.map((text) => writeAtomically(file, text)));
  reading.on = false;
  await reader;
  expect(versions).toContain(readFileSync(file, 'utf8'));
  expect(readdirSync(folder)).toEqual(['a']);
});

it('keeps the old content where it cannot write', async () => {
  const folder = scratch();
  mkdirSync(join(folder, 'a'));
  await expect(writeAtomically(join(folder, 'a'), 'text')).rejects.toMatchObject({
    code: expect.stringMatching(/^(EISDIR|ENOTEMPTY|EEXIST)$/) as string,
  });
  await expect(writeAtomically(join(folder, 'none', 'a'), 'text')).rejects.toMatchObject({ code: 'ENOENT' });
  expect(readdirSync(folder)).toEqual(['a']);
});

it('tells the age of temporary files by the clock of their file system, not by the host’s', async () => {
  const folder = scratch();
  const name = 'new.2.0123abcd.tmp';
  writeFileSync(join(folder, name), '');
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
  await clearTemporaries(folder, () => true).finally(() => vi.restoreAllMocks());
  expect(readdirSync(folder)).toEqual([name]);
});

it('clears temporary files of the killed, not those being written nor anybody else’s', async () => {
  const folder = scratch();
  const others = ['kept', 'a.tmp', 'other.1.0123abcd.tmp', 'old.1.ab.tmp', 'old.x.0123abcd.tmp'];
  const old = ['old.1.0123abcd.tmp', ...others];
  for (const name of [...old, 'old.2.0123abcd.tmp']) writeFileSync(join(folder, name), '');
  for (const name of old) utimesSync(join(folder, name), 1, 1);
  mkdirSync(join(folder, 'old.3.0123abcd.tmp'));
  utimesSync(join(folder, 'old.3.0123abcd.tmp'), 1, 1);
  await clearTemporaries(folder, (name) => name === 'old');
  expect(readdirSync(folder).sort()).toEqual([...others, 'old.2.0123abcd.tmp', 'old.3.0123abcd.tmp'].sort());
  await clearTemporaries(join(folder, 'none'), () => true);
});
