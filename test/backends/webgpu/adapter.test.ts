/**
 * What sort of device an adapter is, by its name. Only SwiftShader's strings were seen; the other names are those that
 * the drivers give to Vulkan, Metal and Direct3D, written as Dawn writes them.
 */
import { expect, test } from 'vitest';
import { kindOf } from '../../../src/backends/webgpu/adapter.js';

test.each([
  ['nvidia', 'lovelace', 'NVIDIA GeForce RTX 4090', 'discrete'],
  ['nvidia', 'hopper', 'NVIDIA H100 80GB HBM3', 'discrete'],
  ['nvidia', 'ampere', 'Orin (nvgpu)', 'integrated'],
  ['nvidia', '', 'NVIDIA Tegra X1 (nvgpu)', 'integrated'],
  ['amd', 'rdna-2', 'AMD Radeon RX 6800 XT (RADV NAVI21)', 'discrete'],
  ['amd', 'rdna-3', 'AMD Radeon PRO W7900', 'discrete'],
  ['amd', '', 'AMD Instinct MI210', 'discrete'],
  ['amd', 'gcn-5', 'AMD Radeon Graphics (RADV RENOIR)', 'unknown'],
  ['amd', 'rdna-3', 'AMD Radeon 780M Graphics (RADV PHOENIX)', 'unknown'],
  ['intel', 'xe-hpg', 'Intel(R) Arc(tm) A770 Graphics (DG2)', 'discrete'],
  ['intel', 'xe-2hpg', 'Intel(R) Arc(TM) B580 Graphics', 'discrete'],
  ['intel', 'xe-lpg', 'Intel(R) Arc(tm) Graphics (MTL)', 'unknown'],
  ['intel', 'gen-9', 'Intel(R) UHD Graphics 630 (CFL GT2)', 'unknown'],
  ['apple', 'metal-3', 'Apple M2 Max', 'apple'],
  ['google', 'swiftshader', 'SwiftShader Device (Subzero)', 'software'],
  ['mesa', '', 'llvmpipe (LLVM 15.0.6, 256 bits)', 'software'],
  ['microsoft', '', 'Microsoft Basic Render Driver', 'software'],
  ['qualcomm', 'adreno-7xx', 'Qualcomm Adreno', 'unknown'],
  ['', '', '', 'unknown'],
])('%s, %s, %s: %s', (vendor, architecture, name, kind) => {
  const device = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const description = 'some driver 1.2.3';
  expect(kindOf({ vendor, architecture, device, description, isFallbackAdapter: false })).toBe(kind);
});

test('what Dawn calls a fallback is software, whatever its name', () => {
  const card = {
    vendor: 'nvidia',
    architecture: 'ampere',
    device: 'nvidia-geforce-rtx-3090',
    description: '',
  };
  expect(kindOf({ ...card, isFallbackAdapter: true })).toBe('software');
  expect(kindOf(card)).toBe('discrete');
});
