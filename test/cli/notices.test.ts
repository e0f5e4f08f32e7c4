/** The lines at a command's end. */
import { expect, it } from 'vitest';
import { pngNotice } from '../../src/cli/notices.js';

it('tells of PNGs left out, and of nothing else', () => {
  expect(pngNotice(['figures/a.svg', 'figures/a.png'])).toBeUndefined();
  expect(pngNotice(['runs.csv'])).toBeUndefined();
  expect(pngNotice(['figures/a.svg', 'report.html'])).toContain('no PNGs');
});
