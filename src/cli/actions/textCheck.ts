/** `adamw-bench data check` for a text. */
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { contentOf } from '../../data/own/ownData.js';
import { textSizes } from '../../experiment/splits.js';
import { textSchema, type TextContent, type TextSpec } from '../../experiment/text.js';
import { explainingFiles } from '../../files/problem.js';
import { exitCode } from '../exit.js';
import { datasetLine, settingsFor } from './dataSettings.js';

export interface TextFlags {
  readonly length?: string;
  readonly test?: string;
}

/** Bytes at a file's start that are looked at. */
const HEAD = 4096;

/** Tables of pixels are more often meant for images: as texts they are checked where --length is given. */
const NO_TEXT = /\.(npz|csv|tsv|json)$/i;

/** Whether a path to check is a text, and no images: in a text no byte is 0, and in a zip or an image some are. */
export async function isText(path: string, { length }: TextFlags): Promise<boolean> {
  if (length !== undefined || /\.txt$/i.test(path)) return true;
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || NO_TEXT.test(path)) return false;
  return explainingFiles(path, async () => {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return !buffer.subarray(0, bytesRead).includes(0);
    } finally {
      await handle.close();
    }
  });
}

/** Reads a user's own text as a run would, and says what it is; returns the exit code. */
export async function checkText(path: string, { length, test }: TextFlags): Promise<number> {
  const given = {
    ...(length === undefined ? {} : { length: Number(length) }),
    ...(test === undefined ? {} : { test: Number(test) }),
  };
  const spec = settingsFor(textSchema, { name: 'text', path: resolve(path), ...given });
  const content = (await contentOf(spec)) as TextContent;
  console.log(description(path, given, spec, content));
  return exitCode.ok;
}

function description(path: string, given: object, spec: TextSpec, content: TextContent): string {
  const { characters, vocabulary, sha256 } = content;
  const { train, test } = textSizes(spec, characters);
  return [
    `${path} can be used.`,
    `  text         ${characters} characters, ${vocabulary} different ones`,
    `  training     ${train} windows of ${spec.length}`,
    `  test         ${test}`,
    `  fingerprint  ${sha256}`,
    'In a configuration:',
    `  ${datasetLine({ name: 'text', path, ...given })}`,
    '  model: { name: transformer }',
  ].join('\n');
}
