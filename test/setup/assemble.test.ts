/** The list of what a set-up is made of. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { SetUp } from '../../src/backends/tensorflowHome.js';
import { filesBelow, versionsOf } from '../../src/setup/assemble.js';
import { damageOf, isCurrent } from '../../src/setup/setup.js';

const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-assemble-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const setUp = (kind: 'cpu' | 'cuda', files: Record<string, number> = {}): SetUp => ({
  format: 1,
  kind,
  tensorflow: '2.21.0',
  tfjs: '4.22.0',
  packages: versionsOf(kind),
  files,
});

it('counts each file once, links not at all, and notices what is gone or cut', async () => {
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'lib/a.so'), '12345');
  writeFileSync(join(folder, 'b'), '1');
  symlinkSync('lib/a.so', join(folder, 'link.so'));
  const files = await filesBelow(folder);
  expect(files).toEqual({ b: 1, 'lib/a.so': 5 });
  expect(await damageOf(folder, setUp('cpu', files))).toEqual([]);
  writeFileSync(join(folder, 'lib/a.so'), '1234');
  rmSync(join(folder, 'b'));
  expect(await damageOf(folder, setUp('cpu', files))).toEqual(['b', 'lib/a.so']);
});

it('a set-up of another kind or of other versions is made anew', () => {
  expect(isCurrent(setUp('cpu'), 'cpu')).toBe(true);
  expect(isCurrent(setUp('cpu'), 'cuda')).toBe(false);
  const older = { ...setUp('cpu'), packages: { ...versionsOf('cpu'), 'tensorflow-cpu': '2.20.0' } };
  expect(isCurrent(older, 'cpu')).toBe(false);
});
