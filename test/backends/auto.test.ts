/** What `backend: auto` takes, and what it says of those that it does not take. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { whyNoDevice } from './webgpu/softwareDevice.js';
import { findGpu, firstOnCpu } from '../../src/backends/auto.js';
import type { AdapterKind, BackendName, BackendReport } from '../../src/backends/backend.js';
import { chooseBackend } from '../../src/backends/index.js';
import { graphicsDevice, nvidiaDriver } from '../../src/backends/gpus.js';

/** A machine whose backends answer so; none of them runs here. */
const machine = (reports: Partial<Record<BackendName, Partial<BackendReport>>>) => (name: BackendName) =>
  Promise.resolve({ name, available: false, reason: `${name} is not there.`, ...reports[name] });

const webgpu = (adapter: AdapterKind) => ({ available: true, device: 'GPU, some card', adapter });
const cuda = { available: true, device: 'GPU' };

beforeEach(() => {
  vi.spyOn(nvidiaDriver, 'isThere').mockReturnValue(true);
  vi.spyOn(graphicsDevice, 'isThere').mockReturnValue(true);
});
afterEach(() => void vi.restoreAllMocks());

describe('a GPU', () => {
  test.each(['discrete', 'apple'] as const)('webgpu is taken on a GPU that is %s', async (adapter) => {
    const found = await findGpu(machine({ webgpu: webgpu(adapter) }));
    expect(found.report).toMatchObject({ name: 'webgpu', adapter });
    expect(found.report!.passed).toEqual([{ name: 'tensorflow', why: 'tensorflow is not there.' }]);
  });

  test.each(['integrated', 'software', 'unknown'] as const)(
    'webgpu is not taken where it is %s',
    async (adapter) => {
      const found = await findGpu(machine({ webgpu: webgpu(adapter) }));
      expect(found.report).toBeUndefined();
      expect(found.passed.map(({ name }) => name)).toEqual(['tensorflow', 'webgpu']);
      expect(found.failures).not.toHaveProperty('webgpu not used');
    },
  );

  test('CUDA comes first, but not TensorFlow on a CPU', async () => {
    const both = { tensorflow: cuda, webgpu: webgpu('discrete') };
    expect((await findGpu(machine(both))).report?.name).toBe('tensorflow');
    const onCpu = { ...both, tensorflow: { available: true, device: 'CPU' } };
    expect((await findGpu(machine(onCpu))).report?.name).toBe('webgpu');
  });

  test('nothing is tried on a machine that shows neither a driver nor a device', async () => {
    vi.spyOn(nvidiaDriver, 'isThere').mockReturnValue(false);
    vi.spyOn(graphicsDevice, 'isThere').mockReturnValue(false);
    const probe = vi.fn(machine({ tensorflow: cuda, webgpu: webgpu('discrete') }));
    const found = await findGpu(probe);
    expect(probe).not.toHaveBeenCalled();
    expect(found.passed.map(({ why }) => why)).toEqual([
      'there is no NVIDIA driver.',
      'there is no graphics device.',
    ]);
  });
});

test('the first backend of a CPU that loads is taken, and says why others are not', async () => {
  const load = (name: BackendName) =>
    name === 'onednn'
      ? Promise.reject(Object.assign(new Error(), { reason: 'it is not built.' }))
      : Promise.resolve({ name, available: true });
  const report = await firstOnCpu({ passed: [], failures: {} }, load);
  expect(report).toMatchObject({ name: 'wasm', passed: [{ name: 'onednn', why: 'it is not built.' }] });
  expect(report.facts).toEqual({ 'onednn not used': 'it is not built.' });
});

test.skipIf(whyNoDevice)(
  `a device in software is seen and left alone, every time ${whyNoDevice ?? ''}`,
  async () => {
    vi.spyOn(nvidiaDriver, 'isThere').mockReturnValue(false);
    const reports = [await chooseBackend('auto'), await chooseBackend('auto')];
    expect(reports[1]).toEqual(reports[0]);
    expect(['onednn', 'wasm']).toContain(reports[0]!.name);
    expect(reports[0]!.passed?.find(({ name }) => name === 'webgpu')?.why).toMatch(/swiftshader.*software/);
  },
);
