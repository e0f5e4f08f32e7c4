/** What can go stale in the documentation without anyone noticing: links, and the code that docs/paper.md quotes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const pages = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (markdown: string): string[] =>
  [...markdown.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    anchorOf(heading!),
  );

test.each(pages)('the links of %s lead somewhere', (page) => {
  const markdown = readFileSync(page, 'utf8');
  const links = [...markdown.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target!);
  for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
    const [file, anchor] = link.split('#') as [string, string?];
    const target = file === '' ? page : path.join(path.dirname(page), file);
    expect(existsSync(target), link).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(readFileSync(target, 'utf8')), link).toContain(anchor);
  }
});

describe('docs/paper.md', () => {
  /** Without comments at the ends of lines, and without regard to white space and where a list breaks. */
  const bare = (code: string) =>
    code
      .replace(/\s*\/\/.*$/gm, '')
      .replace(/\s+/g, '')
      .replaceAll(',)', ')');
  const markdown = readFileSync('docs/paper.md', 'utf8');
  // Each block with what stands before it, the file's link being the last one of src/ there.
  const quotations = [...markdown.matchAll(/^```ts\n(.*?)^```/gms)].map(({ 1: code, index }) => {
    const links = [...markdown.slice(0, index).matchAll(/\]\(\.\.\/(src\/[^)]+)\)/g)];
    return { file: links.at(-1)![1]!, code: code! };
  });

  test('quotes something', () => expect(quotations.length).toBeGreaterThan(4));

  test.each(quotations)('quotes $file as it is', ({ file, code }) => {
    const source = bare(readFileSync(file, 'utf8'));
    for (const piece of code.split('\n\n')) expect(source).toContain(bare(piece));
  });

  test('names functions and fields that are there', () => {
    const named = {
      'src/rules/transforms.ts': ['addDecay', 'momentum', 'over', 'slots', 'update'],
      'src/rules/adam.ts': ['scaleByAdam', 'bias1', 'bias2', 'epsForm'],
      'src/rules/classic.ts': ['momentumForm'],
      'src/optim/tensors.ts': ['applyChain'],
      'src/optim/scalars.ts': ['decayFactor'],
      'src/optim/optimizer.ts': ['cycleSteps', 'gradient', 'theta'],
      'src/optim/schedule.ts': ['phaseOf', 'warmup'],
      'src/experiment/specs.ts': ['recordDecay'],
      'src/experiment/optimizerSpec.ts': ['exclude'],
      'src/models/shakeShake.ts': ['twoPaths'],
    };
    for (const [file, names] of Object.entries(named))
      for (const name of names) {
        // In code marks on the page, and declared or assigned in the file: both are ordinary words elsewhere.
        expect(markdown, name).toMatch(new RegExp(`\`[^\`\\n]*\\b${name}\\b[^\`\\n]*\``));
        expect(readFileSync(file, 'utf8'), `${name} in ${file}`).toMatch(
          new RegExp(`\\b(const|function) ${name}\\b|\\b${name}\\??\\s*[:,]`),
        );
      }
  });
});
