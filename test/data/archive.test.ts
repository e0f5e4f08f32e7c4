import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTarMembers } from '../../src/data/archive.js';
import { DataError } from '../../src/data/errors.js';
import { scratch, tarGz, type TarEntry } from './scratch.js';

const member = { name: 'set/a.bin', bytes: Uint8Array.from({ length: 700 }, (_, i) => i) };
const wanted = new Map([['set/a.bin', 700]]);

function archive(bytes: Uint8Array): string {
  const file = path.join(scratch(), 'set.tar.gz');
  writeFileSync(file, bytes);
  return file;
}

const read = (...entries: TarEntry[]) => readTarMembers(archive(tarGz(entries)), 'set', wanted);

describe('reading an archive', () => {
  it('takes the wanted members and leaves the rest', async () => {
    const members = await read(
      { name: 'set/', type: '5' },
      { name: 'set/readme.html', bytes: new Uint8Array(2000) },
      member,
    );
    expect([...members.keys()]).toEqual(['set/a.bin']);
    expect(members.get('set/a.bin')).toEqual(member.bytes);
  });

  it('accepts ./ in front of names', async () => {
    expect((await read({ ...member, name: './set/a.bin' })).has('set/a.bin')).toBe(true);
  });

  it.each<[string, TarEntry]>([
    ['climbing out', { name: '../evil' }],
    ['climbing out from inside', { name: 'set/../../evil' }],
    ['another folder', { name: 'other/a.bin' }],
    ['an absolute path', { name: '/etc/passwd' }],
    ['a drive letter', { name: 'C:/evil' }],
    ['backslashes', { name: '..\\evil' }],
    ['a symbolic link', { name: 'set/link', type: '2', link: '/etc' }],
    ['a hard link', { name: 'set/link', type: '1', link: 'set/a.bin' }],
    ['a device', { name: 'set/null', type: '3' }],
    ['another size', { name: 'set/a.bin', bytes: new Uint8Array(3) }],
  ])('refuses %s', async (_what, entry) => {
    const refused = await read(entry, member).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'data-archive-entry', exitCode: 2 });
    expect((refused as DataError).message).toContain(`"${entry.name}"`);
  });

  it('refuses a member there twice, and one that is absent', async () => {
    await expect(read(member, member)).rejects.toMatchObject({ code: 'data-archive-entry' });
    await expect(read({ name: 'set/b.bin' })).rejects.toMatchObject({ code: 'data-mismatched' });
  });

  it('refuses an archive cut off at any of many places, or no archive at all', async () => {
    const noise = Uint8Array.from({ length: 700 }, (_, i) => (i * i * 31) >> 3);
    const whole = tarGz([{ name: 'set/a.bin', bytes: noise }]);
    const folder = scratch();
    const file = path.join(folder, 'cut.tar.gz');
    for (let n = 0; n < whole.length; n += 13) {
      writeFileSync(file, whole.subarray(0, n));
      await expect(readTarMembers(file, 'set', wanted), `cut to ${n}`).rejects.toThrow(DataError);
    }
    writeFileSync(file, 'this is no archive at all'.repeat(100));
    await expect(readTarMembers(file, 'set', wanted)).rejects.toThrow(DataError);
  });
});
