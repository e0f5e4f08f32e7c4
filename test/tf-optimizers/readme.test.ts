/** The README's tfjs program, with the built package as its users have it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder in which the package and its peers are installed. */
function installed(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'adamw-bench'));
  symlinkSync(join(root, 'node_modules', '@tensorflow'), join(folder, 'node_modules', '@tensorflow'));
  return folder;
}

/** The user's side: two points, a dense layer, its loss. The snippet's imports come first wherever they stand. */
const before = `
const layer = tf.layers.dense({ units: 2, inputShape: [3] });
const x = tf.tensor2d([[1, 0, 2], [0, 1, -1]]);
const labels = tf.tensor2d([[1, 0], [0, 1]]);
const model = { loss: () => tf.losses.softmaxCrossEntropy(labels, layer.apply(x)) };
layer.build([null, 3]);
const losses = [model.loss().dataSync()[0]];
`;
const after = `
losses.push(model.loss().dataSync()[0]);
layer.setWeights([tf.ones([3, 2]), tf.ones([2])]);
// Nothing pulls but the decay: one step takes that share off the kernel, and nothing off the bias.
other.applyGradients(Object.fromEntries(layer.trainableWeights.map(({ val }) => [val.name, tf.zerosLike(val)])));
const [kernel, bias] = layer.getWeights().map((weights) => weights.dataSync()[0]);
console.log(JSON.stringify({ losses, kernel, bias }));
`;

test('the README’s program runs, learns, and decays what it names', async () => {
  const [, snippet] = /```js\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))!;
  const folder = installed();
  const file = join(folder, 'program.mjs');
  writeFileSync(file, before + snippet! + after);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
  const { losses, kernel, bias } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
    losses: [number, number];
    kernel: number;
    bias: number;
  };
  expect(losses[1]).toBeLessThan(losses[0]);
  expect(kernel).toBeCloseTo(1 - 1e-4, 7);
  expect(bias).toBe(1);
});
