/** The lines at a command's end. */
import { expect, it } from 'vitest';
import { pngNotice, weightsNotice } from '../../src/cli/notices.js';
import { recordOf } from '../runner/records.js';

it('tells of PNGs left out, and of nothing else', () => {
  expect(pngNotice(['figures/a.svg', 'figures/a.png'])).toBeUndefined();
  expect(pngNotice(['runs.csv'])).toBeUndefined();
  expect(pngNotice(['figures/a.svg', 'report.html'])).toContain('PNG');
});

it('tells of weights that are missing, where a cell came to a good end', () => {
  const records = [recordOf({ seed: 0 }), recordOf({ seed: 1 }), recordOf({ seed: 2, status: 'diverged' })];
  const [first, second] = records.map(({ cell }) => `${cell.id}.safetensors`) as [string, string];
  expect(weightsNotice(records, [first, second], 'w')).toBeUndefined();
  expect(weightsNotice(records, [second], 'w')).toMatch(/\b1 of 2\b.*\bw\b/);
});
