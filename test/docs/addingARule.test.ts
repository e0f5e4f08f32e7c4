/** docs/adding-an-optimizer.md: its example is a rule that works as it stands there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Rule } from '../../src/rules/rule.js';
import { placesOf } from '../../src/rules/placements.js';
import { float64Ops } from '../rules/float64.js';

const page = readFileSync('docs/adding-an-optimizer.md', 'utf8');

/** The file of the example, with imports that are found from another folder. */
const example = /`src\/rules\/adabelief\.ts`:\n\n```ts\n(.*?)```/s
  .exec(page)![1]!
  .replaceAll(/from '\.\/(\w+)\.js'/g, (_, name: string) => `from '${path.resolve('src/rules')}/${name}.ts'`);

test('the example is a rule that takes AdaBelief’s steps', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'adamw-bench-rule-'));
  try {
    const file = path.join(folder, 'adabelief.ts');
    writeFileSync(file, example);
    const { adabelief } = (await import(file)) as { adabelief: Rule };
    const of = { beta1: 0.9, beta2: 0.99, eps: 1e-8 };
    const links = adabelief.chain(of, placesOf('decoupled', 0.1), []);
    let [theta, m, s] = [1, 0, 0];
    let ours = { theta: [1], slots: [[0], [0]] };
    for (let t = 1; t <= 50; t++) {
      const g = Math.sin(t) + theta;
      const vector = (data: readonly number[]) => ({ shape: [1], data });
      const out = links.apply(vector([g]), {
        ops: float64Ops,
        theta: vector(ours.theta),
        mask: undefined,
        slots: ours.slots.map(vector),
        s: links.numbers({ t, stepSize: 0.01, decay: 0.001 }),
      });
      ours = {
        theta: [ours.theta[0]! - out.update.data[0]!],
        slots: out.slots.map(({ data }) => [...data]),
      };
      m = 0.9 * m + 0.1 * g;
      s = 0.99 * s + 0.01 * (g - m) ** 2 + 1e-8;
      const root = Math.sqrt(s / (1 - 0.99 ** t)) + 1e-8;
      theta -= (0.01 * (m / (1 - 0.9 ** t))) / root + 0.001 * theta;
      expect(ours.theta[0]).toBeCloseTo(theta, 12);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a rule is one line of the table: every other list of rules is made from it', () => {
  const table = readFileSync('src/rules/index.ts', 'utf8');
  expect(table).toMatch(/export const RULES = \{\n( {2}\w+,\n)+\}/);
});
