/** Taking a wheel's libraries and an npm package's files out of their archives, real ones made here. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import { create } from 'tar';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { placeOf } from '../../src/setup/plan.js';
import { unpackPackage, unpackWheel } from '../../src/setup/unpack.js';

const root = mkdtempSync(join(tmpdir(), 'adamw-bench-unpack-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const library = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
const wheel = join(root, 'some.whl');

beforeAll(async () => {
  const zip = new ZipWriter(new Uint8ArrayWriter());
  await zip.add('tensorflow/libtensorflow_cc.so.2', new Uint8ArrayReader(library));
  await zip.add('tensorflow/python/other.so', new Uint8ArrayReader(library));
  writeFileSync(wheel, await zip.close());
});

it('a wheel’s libraries come out whole, as programs, and nothing else does', async () => {
  const to = join(root, 'a', 'b');
  await unpackWheel(wheel, to, placeOf);
  const path = join(to, 'deps/lib/libtensorflow_cc.so.2');
  expect(readFileSync(path).equals(library)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o755);
  expect(existsSync(join(to, 'deps/lib/other.so'))).toBe(false);
});

it.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
  [
    'with a byte changed',
    (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 150 ? byte ^ 1 : byte))),
  ],
])('a wheel %s is refused', async (_, damage) => {
  const file = join(root, 'damaged.whl');
  writeFileSync(file, damage(readFileSync(wheel)));
  await expect(unpackWheel(file, join(root, 'c'), placeOf)).rejects.toMatchObject({ code: 'setup-archive' });
});

it('a wheel that leads out of its folder is refused', async () => {
  const zip = new ZipWriter(new Uint8ArrayWriter());
  await zip.add('tensorflow/include/tensorflow/c/../../../../../outside.h', new Uint8ArrayReader(library));
  const file = join(root, 'outside.whl');
  writeFileSync(file, await zip.close());
  const refusal = expect(unpackWheel(file, join(root, 'e'), placeOf)).rejects;
  await refusal.toMatchObject({ code: 'setup-archive' });
  expect(existsSync(join(root, 'outside.h'))).toBe(false);
});

it('everybody may read the files of a package, whatever its archive says', async () => {
  const from = join(root, 'from');
  mkdirSync(join(from, 'package/lib'), { recursive: true });
  for (const name of ['package/index.js', 'package/lib/x.js']) {
    writeFileSync(join(from, name), name);
    chmodSync(join(from, name), 0o600);
  }
  chmodSync(join(from, 'package/lib'), 0o700);
  const file = join(root, 'package.tgz');
  await create({ file, cwd: from, gzip: true }, ['package']);
  const to = join(root, 'to');
  await unpackPackage(file, to);
  const modes = ['index.js', 'lib', 'lib/x.js'].map((name) => statSync(join(to, name)).mode & 0o777);
  expect(modes).toEqual([0o644, 0o755, 0o644]);

  writeFileSync(file, readFileSync(file).subarray(0, 100));
  await expect(unpackPackage(file, join(root, 'd'))).rejects.toMatchObject({ code: 'setup-archive' });
});
