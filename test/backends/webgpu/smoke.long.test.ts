/** configs/smoke.yaml with `backend: webgpu`, by the built command. */
import { describe, expect, test } from 'vitest';
import { errorsApart } from '../../cli/errorsApart.js';
import { whyNoDevice } from './softwareDevice.js';
import { env } from './command.js';

describe.skipIf(whyNoDevice)(`with backend: webgpu ${whyNoDevice ?? ''}`, () => {
  // Rounding differs between the two, which some steps enlarge: at most two of the 100 test images.
  test('configs/smoke.yaml ends, with errors near those of cpu', async () => {
    const { cells, most } = await errorsApart({
      config: 'configs/smoke.yaml',
      backends: ['webgpu', 'cpu'],
      env,
    });
    console.log(`largest distance ${most} over ${cells} cells`);
    expect(cells).toBe(16);
    expect(most).toBeLessThanOrEqual(0.02);
  });
});
