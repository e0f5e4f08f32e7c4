/** `adamw-bench data check` for a text. */
import { resolve } from 'node:path';
import { contentOf } from '../../data/own/ownData.js';
import { textSchema, textSizes, type TextContent, type TextSpec } from '../../experiment/text.js';
import { UsageError, exitCode } from '../exit.js';

export interface TextFlags {
  readonly length?: string;
  readonly test?: string;
}

/** Whether a path to check is a text, and no images. */
export const isText = (path: string, { length }: TextFlags): boolean =>
  length !== undefined || /\.txt$/i.test(path);

/** Reads a user's own text as a run would, and says what it is; returns the exit code. */
export async function checkText(path: string, { length, test }: TextFlags): Promise<number> {
  const given = {
    ...(length === undefined ? {} : { length: Number(length) }),
    ...(test === undefined ? {} : { test: Number(test) }),
  };
  const parsed = textSchema.safeParse({ name: 'text', path: resolve(path), ...given });
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!;
    throw new UsageError(
      `--${String(at[0])} cannot be used: ${message}. See \`adamw-bench data check --help\`.`,
    );
  }
  const content = (await contentOf(parsed.data)) as TextContent;
  console.log(description(path, given, parsed.data, content));
  return exitCode.ok;
}

function description(path: string, given: object, spec: TextSpec, content: TextContent): string {
  const { characters, vocabulary, sha256 } = content;
  const { train, test } = textSizes(spec, characters);
  const settings = Object.entries({ path, ...given }).map(
    ([key, value]) => `${key}: ${JSON.stringify(value)}`,
  );
  return [
    `${path} can be used.`,
    `  text         ${characters} characters, ${vocabulary} different ones`,
    `  training     ${train} windows of ${spec.length}`,
    `  test         ${test}`,
    `  fingerprint  ${sha256}`,
    'In a configuration:',
    `  dataset: { name: text, ${settings.join(', ')} }`,
    '  model: { name: transformer }',
  ].join('\n');
}
