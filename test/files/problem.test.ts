import { access, readFile, readlink } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { errnoOf, explainingFiles, FileError } from '../../src/files/problem.js';

const caught = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('explaining the errors of files', () => {
  it('turns an error of the system into one with a code, a path and the remedy', async () => {
    const failed = explainingFiles('some/file', () => readFile('/nowhere/at/all'), { remedy: 'Do this.' });
    await expect(failed).rejects.toBeInstanceOf(FileError);
    await expect(failed).rejects.toMatchObject({
      code: 'file-enoent',
      exitCode: 2,
      remedy: 'Do this.',
      message: expect.stringContaining('some/file') as string,
    });
  });

  it('has a sentence for errors that nobody thought of', async () => {
    // EINVAL has no sentence of its own.
    await expect(explainingFiles('a/b', () => readlink('/'))).rejects.toMatchObject({ code: 'file-einval' });
    await expect(explainingFiles('a/b', () => access('x'.repeat(5000)))).rejects.toMatchObject({
      code: 'file-enametoolong',
    });
  });

  it("leaves zlib's errors alone, which have numbers of their own", () => {
    expect(errnoOf(caught(() => gunzipSync(Buffer.of(0x1f, 0x8b, 8, 0))))).toBeUndefined();
    expect(errnoOf(caught(() => gunzipSync(Buffer.from('no gzip'))))).toBeUndefined();
  });
});
