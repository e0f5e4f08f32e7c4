/**
 * A step can be recorded: the operations of every rule and their constants are the same in each step, so that what
 * differs comes in by the numbers alone. The rules run here on an engine that only notes what is asked of it.
 */
import { expect, test } from 'vitest';
import { placementProblem, PLACEMENTS } from '../../src/experiment/placement.js';
import { ruleOf } from '../../src/rules/index.js';
import type { Ops } from '../../src/rules/ops.js';
import { placesOf } from '../../src/rules/placements.js';
import { CASES, LAYOUT } from './cases.js';

/** A vector that is known by the operation that made it. */
type Name = string & { readonly isName: true };

function noting(): { ops: Ops<Name>; notes: string[] } {
  const notes: string[] = [];
  const note = (what: string, ...args: readonly unknown[]) => {
    notes.push(`${what}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
    return `#${notes.length}` as Name;
  };
  const several = (parts: Name, sizes: readonly number[]) =>
    sizes.map((_, i) => note('split', parts, sizes, i));
  const named =
    (what: string) =>
    (...args: readonly unknown[]) =>
      note(what, ...args);
  const ops = new Proxy({} as Ops<Name>, {
    get: (_, key) => (key === 'split' ? several : named(String(key))),
  });
  return { ops, notes };
}

test.each(CASES)('$title: every step is the same operations', ({ name, settings }) => {
  for (const placement of PLACEMENTS) {
    if (placementProblem({ name, placement })) continue;
    const links = ruleOf(name).chain(settings as never, placesOf(placement, 0.1), LAYOUT);
    const asked = [1, 2, 7, 1000].map((t) => {
      const { ops, notes } = noting();
      const numbers = Object.keys(links.numbers({ t, stepSize: 0.1 / t, decay: 0.01 / t }));
      const s = Object.fromEntries(numbers.map((key) => [key, key as Name]));
      const slots = links.slots.map((slot) => slot as Name);
      const step = { ops, theta: 'theta' as Name, mask: 'mask' as Name, slots, s };
      return { numbers, notes, out: links.apply('gradient' as Name, step) };
    });
    for (const other of asked) expect(other).toEqual(asked[0]);
    expect(asked[0]!.notes.length).toBeGreaterThan(0);
  }
});

test.each(CASES)('$title: the numbers of a step depend on its position alone', ({ name, settings }) => {
  const make = () => ruleOf(name).chain(settings as never, placesOf('decoupled', 0.1), LAYOUT);
  const links = make();
  const at = (t: number) => ({ t, stepSize: 0.1, decay: 0.01 });
  const inOrder = [1, 2, 3, 50, 400].map((t) => links.numbers(at(t)));
  // A run that is continued begins anywhere.
  for (const [i, t] of [1, 2, 3, 50, 400].entries()) expect(make().numbers(at(t))).toEqual(inOrder[i]);
  expect([400, 3, 50].map((t) => links.numbers(at(t)))).toEqual([inOrder[4], inOrder[2], inOrder[3]]);
});
