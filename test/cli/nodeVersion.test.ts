import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
// @ts-expect-error -- plain JavaScript, for versions of Node that nothing else here can be read by
import * as untyped from '../../bin/node-version.js';

const { oldest, refusalOf } = untyped as { oldest: string; refusalOf(version: string): string | undefined };

it.each(['20.19.0', '20.20.2', '21.0.0', '22.1.0', '24.14.0', '100.0.0'])('Node %s is taken', (version) => {
  expect(refusalOf(version)).toBeUndefined();
});

it.each(['20.18.3', '20.9.0', '18.20.8', '12.22.9', '4.0.0'])(
  'Node %s is refused, by its name',
  (version) => {
    expect(refusalOf(version)).toContain(version);
  },
);

it('is the version that package.json asks for', () => {
  const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
  expect((JSON.parse(read('package.json')) as { engines: { node: string } }).engines.node).toBe(
    `>=${oldest}`,
  );
});
