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

  it.each<[string, TarEntry, string]>([
    ['climbing out', { name: '../evil' }, 'outside the folder set/'],
    ['climbing out from inside', { name: 'set/../../evil' }, 'outside the folder set/'],
    ['another folder', { name: 'other/a.bin' }, 'outside the folder set/'],
    ['an absolute path', { name: '/etc/passwd' }, 'an absolute path'],
    ['a drive letter', { name: 'C:/evil' }, 'an absolute path'],
    ['backslashes', { name: '..\\evil' }, 'outside the folder set/'],
    ['a symbolic link', { name: 'set/link', type: '2', link: '/etc' }, 'a SymbolicLink'],
    ['a hard link', { name: 'set/link', type: '1', link: 'set/a.bin' }, 'a Link'],
    ['a device', { name: 'set/null', type: '3' }, 'a CharacterDevice'],
    ['another size', { name: 'set/a.bin', bytes: new Uint8Array(3) }, '3 bytes long, expected 700'],
  ])('refuses %s', async (_what, entry, why) => {
    const refused = read(entry, member);
    await expect(refused).rejects.toThrow(DataError);
    await expect(refused).rejects.toThrow(`"${entry.name}" is ${why}`);
  });

  it('refuses a member there twice, and one that is absent', async () => {
    await expect(read(member, member)).rejects.toThrow('"set/a.bin" is there twice');
    await expect(read({ name: 'set/b.bin' })).rejects.toThrow('has no whole member "set/a.bin"');
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
