/** Every network trains on the fast backends as it does on the cpu backend. */
import { describe, expect, test } from 'vitest';
import { loadBackend } from '../../src/backends/index.js';
import { distance, networks, reference, trained } from './trained.js';

const native = await loadBackend('onednn', { threads: 1 }).catch((error: unknown) => error as Error);
if (native instanceof Error) console.warn(`onednn is skipped: ${native.message}`);

describe.each(['wasm', 'onednn'] as const)('%s', (backend) => {
  const here = test.skipIf(backend === 'onednn' && native instanceof Error);
  here.each(networks)('$name $width', async (spec) => {
    const [fast, cpu] = [await trained(backend, spec), await reference(spec)];
    expect(distance(fast.theta, cpu.theta)).toBeLessThan(1e-4);
    expect(distance(fast.state, cpu.state)).toBeLessThan(1e-4);
    expect(fast.loss / cpu.loss).toBeCloseTo(1, 3);
  });
});
