import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const config = new URL('../../.dependency-cruiser.js', import.meta.url).href;
const { rooms } = (await import(config)) as { readonly rooms: readonly string[] };

describe('docs/architecture.md', () => {
  it('lists the rooms in the order that the linter enforces', () => {
    const text = readFileSync('docs/architecture.md', 'utf8');
    const table = [...text.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, room]) => room);
    expect(table).toEqual(rooms);
  });

  it('has a floor for every folder of src/', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual([...rooms].sort());
  });
});
