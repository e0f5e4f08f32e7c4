/** Numbers in a form that YAML reads as something else. */
import { isScalar, type Node } from 'yaml';

/** The text of a scalar without quotes; undefined for anything else. */
export function plainText(node: Node | null): string | undefined {
  return isScalar(node) && node.type === 'PLAIN' ? node.source : undefined;
}

/**
 * The problem of a number with leading zeros, or an octal one. YAML 1.1 reads 010 as 8 and 0o10 as text, YAML 1.2
 * reads them as 10 and 8. Directly after a comma, such a number is usually the rest of a decimal fraction.
 * @param before the line up to the number
 */
export function ambiguousNumber(
  text: string | undefined,
  value: unknown,
  before: string,
): { readonly message: string; readonly hint: string } | undefined {
  if (text === undefined || typeof value !== 'number' || !/^[-+]?0[0-9o]/.test(text)) return undefined;
  const octal = Number(text.replace(/^[-+]?0o?/, '0o')) * (text.startsWith('-') ? -1 : 1);
  const another = Number.isFinite(octal) && octal !== value ? `, or ${octal} if it is octal` : '';
  const reading = text.includes('o')
    ? `${text} is an octal number to YAML 1.2 and a text to YAML 1.1`
    : `${text} begins with a zero: YAML 1.1 and YAML 1.2 read such numbers differently`;
  const hint = decimalComma(text, before) ?? `write ${value}${another}; put quotes around a text`;
  return { message: reading, hint };
}

/** Advice where digits directly follow `digits,` on their line, as in `[0,001]`. */
export function decimalComma(text: string | undefined, before: string): string | undefined {
  const whole = /(?:^|[\s[{:,])([-+]?\d+),$/.exec(before)?.[1];
  if (whole === undefined || text === undefined || !/^\d+(e[-+]?\d+)?$/i.test(text)) return undefined;
  return `a decimal fraction takes a point: write ${whole}.${text}`;
}

/** The number that a text was probably meant to be: 1_000, 0,001, 1e−3 with a typographic minus; else undefined. */
export function writtenNumber(text: string, expected: string): number | undefined {
  const plain = text
    .normalize('NFKC')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replaceAll('_', '');
  const comma = expected.startsWith('a whole number') ? '' : '.';
  const pointed = /^[-+]?\d+,\d+(e[-+]?\d+)?$/i.test(plain) ? plain.replace(',', comma) : plain;
  const number = Number(pointed);
  return plain.trim() !== '' && Number.isFinite(number) ? number : undefined;
}
