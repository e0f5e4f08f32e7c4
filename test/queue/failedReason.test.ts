import { expect, it } from 'vitest';
import { parseFailedReason, refusalReason } from '../../src/queue/failedReason.js';
import { maxReasonLength } from '../../src/experiment/record.js';

it('tells a refusal from a failure, whatever words either has', () => {
  expect(parseFailedReason(refusalReason('its content is "odd"'))).toEqual({
    refused: 'its content is "odd"',
  });
  for (const text of ['Refused: by the disk', 'refused', '{"refused":1}', '{"refused":"a","b":1}', 'null'])
    expect(parseFailedReason(text)).toEqual({ failed: text });
  expect(parseFailedReason(undefined)).toHaveProperty('failed');
});

it('gives nothing that cannot be printed, and no more than a record keeps', () => {
  for (const text of [`\u001b[2J${'x'.repeat(9999)}`, refusalReason(`\u001b[2J${'x'.repeat(9999)}`)]) {
    const [words] = Object.values(parseFailedReason(text)) as [string];
    expect(words).not.toContain('\u001b');
    expect(words).toHaveLength(maxReasonLength);
  }
});
