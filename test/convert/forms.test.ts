/**
 * Each optimizer of each library: where its decay enters, and by how much, as fixtures/convert/make.py found it in the
 * library itself (TensorFlow Addons and apex: as transcribed).
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decayArgument, LIBRARIES, type Convention, type Run, type Values } from '../../src/convert/index.js';
import { factors } from './formula.js';

interface Form {
  readonly library: string;
  readonly optimizer: string;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly decay: 'l2' | Convention;
  /** Decoupled: what is left of a weight. */
  readonly left?: number;
  /** L2: how far the path is from that of a penalty, and from that without decay. */
  readonly distance?: number;
  readonly effect?: number;
  readonly defaults?: Values;
}

const { forms } = JSON.parse(
  readFileSync(new URL('../fixtures/convert/forms.json', import.meta.url), 'utf8'),
) as { forms: readonly Form[] };

const titled = forms.map((form) => ({ ...form, title: `${form.library} ${form.optimizer}` }));
const having = (field: 'left' | 'distance' | 'defaults') =>
  titled.filter((form) => form[field] !== undefined);

it.each(having('left'))('$title $flags: a weight without gradients shrinks by its convention', (form) => {
  const run: Run = {
    schedule: { name: 'cosine' },
    warmup: 0,
    length: { epochs: 1, batchSize: 1, images: 20 },
  };
  const steps = factors(form.decay as Convention, { lr: 0.02, wd: 0.4 }, run);
  const kept = steps.reduce((all, one) => all * (1 - one), 1);
  expect(form.left! / kept).toBeCloseTo(1, 12);
  expect(form.left).toBeLessThan(0.95);
});

it.each(having('distance'))('$title $flags: L2 is the gradient of a penalty, nothing else', (form) => {
  expect(form.distance).toBeLessThan(1e-12);
  expect(form.effect).toBeGreaterThan(1e-4);
});

it.each(having('defaults'))('$title $flags: has the defaults that the program knows', (form) => {
  const known = LIBRARIES.find(({ name }) => name === form.library)!.optimizers.find(
    (one) =>
      one.name === form.optimizer &&
      one.decay === form.decay &&
      JSON.stringify(one.flags) === JSON.stringify(form.flags),
  )!;
  const shared = Object.entries(known.defaults).filter(([param]) => param in form.defaults!);
  expect(Object.fromEntries(shared)).toEqual(
    Object.fromEntries(shared.map(([param]) => [param, form.defaults![param as 'lr']])),
  );
  expect(shared.length).toBeGreaterThan(0);
});

it('covers every optimizer of every library', () => {
  const all = LIBRARIES.flatMap(({ name, optimizers }) =>
    optimizers.map((one) => [name, one.name, one.decay, JSON.stringify(one.flags)].join(' ')),
  );
  const tried = forms.map((one) =>
    [one.library, one.optimizer, one.decay, JSON.stringify(one.flags)].join(' '),
  );
  expect(tried).toEqual(all);
  for (const { library, decay, left, distance } of forms) {
    if (['paper', 'normalized', 'timescale'].includes(library)) continue;
    expect(decay === 'l2' ? distance : left).toBeTypeOf('number');
  }
});

it('a penalty of the layers is the only L2 of Keras and of TensorFlow Addons', () => {
  for (const name of ['keras', 'tfa']) {
    for (const one of LIBRARIES.find((library) => library.name === name)!.optimizers) {
      expect(decayArgument(one)).toBe(one.decay === 'l2' ? 'l2' : 'wd');
    }
  }
});
