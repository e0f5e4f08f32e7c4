import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../src/data/authenticity.js';
import { catalogEntry } from '../../src/data/catalog.js';
import { whatIs } from '../../src/data/whatIs.js';
import { idxFile, scratch, tarGz } from './scratch.js';

function written(bytes: Uint8Array | string, name = 'file.gz'): string {
  const file = path.join(scratch(), name);
  writeFileSync(file, bytes);
  return file;
}

const page = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>';
const pointer =
  'version https://git-lfs.github.com/spec/v1\noid sha256:' + 'ab'.repeat(32) + '\nsize 9912422\n';
const python = tarGz([
  { name: 'cifar-10-batches-py/', type: '5' },
  { name: 'cifar-10-batches-py/data_batch_1', bytes: new Uint8Array(40_000).fill(9) },
]);

describe('recognising what lies in place of a data file', () => {
  it.each<[string, Uint8Array | string, string]>([
    ['a web page', page, 'HTML'],
    ['a web page after a byte order mark and white space', `\uFEFF\r\n ${page}`, 'HTML'],
    ['a web page, packed', gzipSync(page), 'HTML'],
    ['an answer of S3', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'XML'],
    ['a pointer of Git LFS', pointer, 'Git LFS'],
    ['an empty file', '', 'empty'],
    ["a Mac's note", Buffer.from('00051607000200004d6163204f532058', 'hex'), 'AppleDouble'],
    ['the Python version of CIFAR-10', python, 'Python version'],
    ['a zip archive', Buffer.from('504b0304140000000800', 'hex'), 'zip'],
  ])('knows %s', async (_what, bytes, word) => {
    expect(await whatIs(written(bytes))).toContain(word);
  });

  it('knows the unpacked Python version by its folder', async () => {
    const folder = path.join(scratch(), 'cifar-100-python');
    mkdirSync(folder);
    expect(await whatIs(folder)).toContain('CIFAR-100');
  });

  it.each<[string, Uint8Array | string, string?]>([
    ['idx data', idxFile([2], Uint8Array.of(1, 2))],
    ['idx data, packed', gzipSync(idxFile([2], Uint8Array.of(1, 2)))],
    [
      'the binary archive',
      tarGz([{ name: 'cifar-10-batches-bin/test_batch.bin', bytes: new Uint8Array(9) }]),
    ],
    ['a damaged gzip file', Buffer.from('1f8b0800ffffffffffff', 'hex')],
    ['an npz file, which is a zip', Buffer.from('504b0304140000000800', 'hex'), 'val_data.npz'],
    ['anything else', 'junk'],
  ])('says nothing of %s', async (_what, bytes, name) => {
    expect(await whatIs(written(bytes, name))).toBeUndefined();
  });

  it("refuses it at a file's own place", async () => {
    const entry = catalogEntry('mnist');
    for (const bytes of [page, pointer, ''])
      await expect(authenticate(entry, entry.files[0]!, written(bytes))).rejects.toMatchObject({
        code: 'data-not-data',
        exitCode: 2,
      });
    const imagenet = catalogEntry('imagenet32');
    await expect(authenticate(imagenet, imagenet.files[0]!, written(page))).rejects.toMatchObject({
      code: 'data-not-data',
    });
  });
});
