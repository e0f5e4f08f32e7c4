import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printable, revealed } from '../../src/experiment/printable.js';

const anyText = fc.string({ unit: 'binary' });

it('no character is left that moves a cursor, and carets under the text stay where they belong', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = printable(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect([...shown]).toHaveLength([...text].length);
      expect(printable(shown)).toBe(shown);
    }),
  );
});

it('what can be seen stays as it is, tabs and line breaks become spaces', () => {
  expect(printable('lr × wd = 1e-3, „größer“ 学習率')).toBe('lr × wd = 1e-3, „größer“ 学習率');
  expect(printable('a\tb\r\nc')).toBe('a b  c');
  expect(printable('\u001b[2J\u202Eabc\uD800')).toBe('·[2J·abc·');
});

it('a space that is not the ordinary one is shown where a reader must see it', () => {
  expect(printable('a\u00A0b')).toBe('a\u00A0b');
  expect(revealed('a\u00A0b c')).toBe('a·b c');
});
