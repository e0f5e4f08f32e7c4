/** A text of the user's own, from the file to the CSVs: one that a Markov chain wrote, whose entropy is known. */
import { appendFileSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stream } from '../../src/random/stream.js';
import { adamwBench, configure, csv, results, run, scratch } from './cli.js';

/** Each letter is followed by the next of the alphabet with this share, else by one of the other two. */
const likely = 0.8;
const letters = 'abc';

/** The text, and the bits that each of its characters costs who knows the chain. */
function chain(characters: number) {
  const random = stream(1, 'chain');
  let at = 0;
  const [text, bits] = [[letters[at]!], [0]];
  while (text.length < characters) {
    const u = random.uniform();
    const step = u < likely ? 1 : u < (1 + likely) / 2 ? 2 : 3;
    at = (at + step) % 3;
    text.push(letters[at]!);
    bits.push(-Math.log2(step === 1 ? likely : (1 - likely) / 2));
  }
  return { text: text.join(''), bits };
}

const settings = (file: string, more: object = {}) => ({
  dataset: { name: 'text', path: file, length: 16, ...more },
  model: { name: 'transformer', layers: 1, width: 16, heads: 2 },
  train: { epochs: 5, batchSize: 16 },
  optimizers: ['adamw'],
  grid: { lr: [0.01], wd: [0] },
  backend: 'wasm',
});

it('is learned down to the entropy of the chain that wrote it, and not below', async () => {
  const { text, bits } = chain(12_000);
  const folder = scratch();
  const file = join(folder, 'chain.txt');
  writeFileSync(file, text);
  const { file: config, dir } = configure(settings(file));
  const { code, stderr, stdout } = await adamwBench(run(config, dir, '--workers', '1'));
  expect(code, stderr).toBe(0);
  const [row] = csv(join(dir, 'runs.csv'));
  const found = Number(row!['final_test_bits_per_character']);
  const known = bits.slice(10_801, 10_801 + 74 * 16);
  const entropy = known.reduce((a, b) => a + b) / known.length;
  expect(found).toBeGreaterThan(entropy - 0.02);
  expect(found).toBeLessThan(entropy + 0.1);
  // Who knows the chain errs where it does the unlikely.
  const errors = known.filter((cost) => cost > 1).length / known.length;
  expect(Number(row!['final_test_error'])).toBeCloseTo(errors, 1);

  const epochs = csv(join(dir, 'epochs.csv'));
  expect(epochs.length).toBe(5);
  for (const e of epochs)
    expect(Number(e['test_bits_per_character'])).toBeCloseTo(Number(e['test_loss']) / Math.LN2, 10);
  expect(Number(epochs.at(-1)!['test_bits_per_character'])).toBe(found);
  expect(stderr).toContain(`${found.toFixed(3)} bits per character`);
  expect(stdout).toContain('bits/char');
});

it('goes on where the file has moved, and not where it has changed', async () => {
  const file = join(scratch(), 'chain.txt');
  writeFileSync(file, chain(2000).text);
  const two = { ...settings(file), train: { epochs: 1, batchSize: 16, seeds: [0] } };
  const { file: config, dir } = configure(two);
  expect((await adamwBench(run(config, dir, '--quiet'))).code).toBe(0);
  const before = results(dir);

  const moved = join(scratch(), 'other.txt');
  copyFileSync(file, moved);
  const again = await adamwBench(run(config, dir, '--set', `dataset.path=${moved}`));
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toContain('0 to train');
  expect(results(dir)).toEqual(before);

  appendFileSync(moved, 'abc');
  const changed = await adamwBench(run(config, dir, '--set', `dataset.path=${moved}`));
  expect(changed.code).toBe(2);
  expect(changed.stderr).toContain('is not what');
});

it('is refused with the file and the reason', async () => {
  const folder = scratch();
  const of = (name: string, content: string | Uint8Array, more: object = {}, model?: object) => {
    writeFileSync(join(folder, name), content);
    const { file, dir } = configure({ ...settings(join(folder, name), more), ...(model ? { model } : {}) });
    return adamwBench(run(file, dir));
  };
  const cases = await Promise.all([
    of('empty.txt', ''),
    of('short.txt', 'abcabcabc'),
    of('latin.txt', Buffer.from('f\u00fcr immer'.repeat(99), 'latin1')),
    of('same.txt', 'a'.repeat(999)),
    of('good.txt', 'abc'.repeat(99), {}, { name: 'mlp' }),
  ]);
  const messages = cases.map(({ stderr }) => stderr);
  expect(cases.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  expect(messages[0]).toMatch(/empty\.txt is empty/);
  expect(messages[1]).toMatch(/short\.txt has 9 characters, too few/);
  expect(messages[2]).toMatch(/latin\.txt is not UTF-8/);
  expect(messages[3]).toMatch(/same\.txt has no two different characters/);
  expect(messages[4]).toMatch(/model\.name.*transformer/);
});

it('is described by data check and plan', async () => {
  const file = join(scratch(), 'chain.txt');
  writeFileSync(file, chain(2000).text);
  const check = await adamwBench(['data', 'check', file, '--length', '16']);
  expect(check.code, check.stderr).toBe(0);
  expect(check.stdout).toContain('2000 characters, 3 different ones');
  expect(check.stdout).toContain('112 windows of 16');
  expect(check.stdout).toContain(`dataset: { name: text, path: ${JSON.stringify(file)}, length: 16 }`);
  const unnamed = join(scratch(), 'README');
  copyFileSync(file, unnamed);
  expect((await adamwBench(['data', 'check', unnamed])).stdout).toContain('dataset: { name: text, path: ');
  const wrong = await adamwBench(['data', 'check', file, '--length', '1']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('--length');
  const { stdout } = await adamwBench(['plan', configure(settings(file)).file, '--no-time']);
  expect(stdout).toContain('112 training, 12 test windows of 16');
});

it('is measured again by eval, from the file that is named', async () => {
  const file = join(scratch(), 'chain.txt');
  writeFileSync(file, chain(1000).text);
  const { file: config, dir } = configure({ ...settings(file), train: { epochs: 1, batchSize: 16 } });
  expect((await adamwBench(run(config, dir, '--quiet', '--keep-weights'))).code).toBe(0);
  const [row] = csv(join(dir, 'runs.csv'));
  const weights = join(dir, 'weights', `${row!['cell']!}.safetensors`);
  const unnamed = await adamwBench(['eval', weights]);
  expect(unnamed.code).toBe(2);
  expect(unnamed.stderr).toContain('--data');
  const { code, stdout, stderr } = await adamwBench(['eval', weights, '--data', file]);
  expect(code, stderr).toBe(0);
  const bits = Number(row!['final_test_bits_per_character']);
  expect(stdout).toContain(`${bits.toFixed(3)} bits per character`);
  expect(stdout).toContain(`test error ${row!['final_test_error']!} `);
});
