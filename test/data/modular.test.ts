/** Equations modulo a prime: all of them, each once, right, and the same for the same seed. */
import { describe, expect, it, test } from 'vitest';
import { loadDataset, trainShape, type Split } from '../../src/data/index.js';
import type { ModularSpec } from '../../src/experiment/modular.js';
import { datasetSchema } from '../../src/experiment/specs.js';

const spec = (of: object) => datasetSchema.parse({ name: 'modular', ...of }) as ModularSpec;

/** Its equations, as [a, b, c]. */
const equations = ({ images, labels, n }: Split) =>
  Array.from({ length: n }, (_, i) => [images[4 * i]!, images[4 * i + 2]!, labels[i]!] as const);

describe.each([
  ['add', 7, (a: number, b: number) => (a + b) % 7, 49],
  [
    'divide',
    11,
    (a: number, b: number) => Array.from({ length: 11 }, (_, c) => c).find((c) => (b * c) % 11 === a)!,
    110,
  ],
] as const)('%s modulo %i', (op, p, answer, all) => {
  it('has every equation once, with its answer', async () => {
    const data = await loadDataset(spec({ op, p, share: 0.4, validation: 5 }));
    const splits = [data.train, data.validation!, data.test];
    const seen = splits.flatMap(equations);
    expect(new Set(seen.map(([a, b]) => `${a} ${b}`)).size).toBe(all);
    expect(seen.length).toBe(all);
    for (const [a, b, c] of seen) expect(c, `${a} ${op} ${b}`).toBe(answer(a, b));
    expect(data.validation!.n).toBe(5);
    expect(data.train.n).toBe(Math.round(0.4 * all) - 5);
    expect(trainShape(spec({ op, p, share: 0.4, validation: 5 })).n).toBe(data.train.n);
  });

  it('writes them with two signs of their own', async () => {
    const { train, tokens, classes } = await loadDataset(spec({ op, p }));
    expect(tokens).toEqual({ vocabulary: p + 2, answers: 'last' });
    expect(classes).toBe(p);
    for (let i = 0; i < train.n; i++)
      expect([train.images[4 * i + 1], train.images[4 * i + 3]]).toEqual([p, p + 1]);
  });
});

it('chooses by its seed', async () => {
  const fingerprint = async (of: object) => (await loadDataset(spec({ p: 7, ...of }))).fingerprint;
  expect(await fingerprint({})).toBe(await fingerprint({ subsetSeed: 0, op: 'add' }));
  const others = [{}, { subsetSeed: 1 }, { op: 'divide' }, { share: 0.5 }, { labelNoise: 0.2 }];
  expect(new Set(await Promise.all(others.map(fingerprint))).size).toBe(others.length);
});

it('puts wrong answers into the training equations alone', async () => {
  const [clean, noisy] = await Promise.all(
    [{}, { labelNoise: 0.25 }].map((of) => loadDataset(spec({ p: 11, ...of }))),
  );
  const wrong = noisy!.train.labels.filter((label, i) => label !== clean!.train.labels[i]).length;
  expect(wrong).toBe(Math.round(0.25 * clean!.train.n));
  expect(noisy!.test).toEqual(clean!.test);
});

test.each([
  { p: 8 },
  { p: 257 },
  { op: 'multiply' },
  { share: 1 },
  { share: 0 },
  { augment: {} },
  { train: 5 },
])('%j is refused', (of) => expect(() => spec(of)).toThrow());
