/** docs/data.md: its script makes images, and its two commands check them and train on them, as they stand there. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { datasetSchema } from '../../src/experiment/specs.js';
import { adamwBench, scratch } from '../cli/cli.js';

const page = readFileSync('docs/data.md', 'utf8');
const block = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(page)![1]!;

test('own images: the script and the commands', async () => {
  const cwd = scratch();
  writeFileSync(join(cwd, 'shapes.mjs'), block('js'));
  expect(spawnSync(process.execPath, ['shapes.mjs'], { cwd })).toMatchObject({ status: 0 });
  const commands = block('sh').trim().split('\n');
  expect(commands).toHaveLength(2);
  for (const command of commands) {
    const words = command.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ''));
    expect(words.shift()).toBe('adamw-bench');
    const { code, stdout, stderr } = await adamwBench(words, { cwd });
    expect(code, stderr).toBe(0);
    if (words[0] === 'data')
      expect(stdout).toMatch(/16x16, grey\n +classes +2\n +training +240\n +test +60\n/);
  }
  expect(existsSync(join(cwd, 'shapes-results', 'runs.csv'))).toBe(true);
});

test('the table has every data set', () => {
  const table = page.slice(
    page.indexOf('| `dataset.name`'),
    page.indexOf('\n\n', page.indexOf('| `dataset.name`')),
  );
  const rows = [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
  const names = datasetSchema.options.flatMap(({ shape: { name } }) => [
    ...('options' in name ? name.options : name.values),
  ]);
  expect(rows.sort()).toEqual([...new Set<string>(names)].sort());
});
