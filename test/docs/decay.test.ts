/** docs/decay.md: its commands print what the page shows, and its table of reasons is complete. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inThisProcess } from '../cli/inProcess.js';

const page = readFileSync('docs/decay.md', 'utf8');

/** Each command with the output after it, freed of the indent that it has in a list. */
const examples = [
  ...page.matchAll(/^( *)```sh\n *npx adamw-bench (.+)\n *```\n\n *```text\n([^]*?)\n *```$/gm),
].map(([, indent, command, output]) => ({
  command: command!,
  output: output!.replaceAll(`\n${indent}`, '\n').trim(),
}));

describe('docs/decay.md', () => {
  it('has examples', () => expect(examples.length).toBeGreaterThanOrEqual(5));

  it.each(examples)('shows what `$command` prints', async ({ command, output }) => {
    const { stdout, stderr } = await inThisProcess(command.split(' '));
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(output);
  });

  it('lists every reason why there is no equal setting', () => {
    const source = readFileSync('src/convert/none.ts', 'utf8');
    const union = /export type NoneKind =([^;]*);/.exec(source)![1]!;
    const kinds = [...union.matchAll(/'([a-z0-9-]+)'/g)].map(([, kind]) => kind!);
    const listed = [...page.matchAll(/^\| `([a-z0-9-]+)` +\|/gm)]
      .map(([, kind]) => kind!)
      .filter((kind) => kind !== 'kind');
    expect(kinds.length).toBeGreaterThan(3);
    expect([...listed].sort()).toEqual([...kinds].sort());
  });

  it('says what JSON has', async () => {
    const { stdout } = await inThisProcess([
      'convert', '--from', 'pytorch', '--to', 'tfa', 'lr=1', 'wd=1', '--schedule', 'cosine', '--json',
    ]); // prettier-ignore
    for (const key of Object.keys(JSON.parse(stdout) as object)) expect(page).toContain(`\`${key}\``);
  });
});
