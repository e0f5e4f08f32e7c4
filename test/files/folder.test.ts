/** Folders are made where they can be, and refused at once where they cannot. */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../src/files/folder.js';
import { scratch } from '../runner/scratch.js';

it('makes a folder with those above it, and leaves one that is there', async () => {
  const dir = join(scratch(), 'a', 'b', 'c');
  await makeFolder(dir);
  writeFileSync(join(dir, 'x'), '');
  await makeFolder(dir);
  await makeFolder('/');
  expect(existsSync(join(dir, 'x'))).toBe(true);
});

it('takes a path from here, with dots in it', async () => {
  const root = scratch();
  await makeFolder(relative('.', join(root, 'a', '..', 'b', 'c')));
  expect(statSync(join(root, 'b', 'c')).isDirectory()).toBe(true);
});

it('makes the same folder for many at once', async () => {
  const dir = join(scratch(), 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 16 }, () => makeFolder(dir)));
  expect(statSync(dir).isDirectory()).toBe(true);
});

it('says that a file is in the way', async () => {
  const root = scratch();
  writeFileSync(join(root, 'file'), '');
  mkdirSync(join(root, 'folder'));
  await expect(makeFolder(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(root, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

it.skipIf(!existsSync('/proc/self'))('says so at once where there can never be a folder', async () => {
  await expect(makeFolder('/proc/none')).rejects.toMatchObject({
    code: expect.stringMatching(/^(ENOENT|EACCES)$/) as string,
  });
  await expect(makeFolder('/proc/none/of/these')).rejects.toMatchObject({
    code: expect.stringMatching(/^(ENOENT|EACCES)$/) as string,
  });
});
