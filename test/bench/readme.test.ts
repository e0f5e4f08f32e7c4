import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kindOf, type Machine } from '../../bench/speed/machine.js';
import { published, readPublished, type Published } from '../../bench/speed/published.js';
import { readmeSection } from '../../bench/speed/readme.js';

const machine = (kind: Machine['kind']): Machine => ({
  date: '2026-11-28',
  kind,
  cpu: 'A processor',
  cores: 2,
  memoryGiB: 24,
  system: 'Linux',
  node: '20.20.2',
  tfjs: '4.22.0',
  onednn: '2.6.3',
  instructionSet: 'AVX2',
  pytorch: { version: '2.15.0', blas: 'MKL 2024.2', onednn: '3.13.3', instructionSet: 'AVX2' },
  revision: 'abc',
  loadBefore: [0, 0, 0],
  peakGflops: 100,
});

const engine = (name: 'onednn' | 'pytorch', configuration: string, median: number) => ({
  model: 'mlp',
  engine: name,
  configuration,
  imagesPerSecond: { median, min: median, max: median },
  shareOfPeak: 0.5,
  overPytorch: name === 'onednn' ? { median: 1.5, min: 1.4, max: 1.625 } : undefined,
});

const run = (kind: Machine['kind']): Published =>
  published(
    {
      steps: [engine('onednn', '2 x 1 thread', 300), engine('pytorch', '1 x 2 threads, nchw, fused', 200)],
      workers: [],
      threads: [],
      sweep: [],
    },
    machine(kind),
  );

test('the kind of a machine is its widest instruction set', () => {
  expect(kindOf('flags : sse2 avx avx2 avx512f')).toBe('avx512');
  expect(kindOf('flags : sse2 avx avx2')).toBe('avx2');
  expect(kindOf('')).toBe('other');
});

test('README names version, BLAS, instruction set and configuration of PyTorch, for each kind of machine', () => {
  const text = readmeSection([run('avx2'), run('avx512')]);
  expect(text).toContain('**AVX2**');
  expect(text).toContain('**AVX512**');
  expect(text).toContain('PyTorch 2.15.0 (MKL 2024.2, oneDNN 3.13.3, AVX2)');
  expect(text).toContain('**1.50x** (1.40–1.63)');
  expect(text).toContain('1 x 2 threads, nchw, fused');
});

test('what is published is read back, one run for each kind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'published-'));
  try {
    for (const kind of ['avx512', 'avx2'] as const) {
      await mkdir(join(folder, kind));
      await writeFile(join(folder, kind, 'summary.json'), JSON.stringify(run(kind)));
    }
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'machine.json'), '{}');
    const read = await readPublished(folder);
    expect(read.map((one) => one.machine.kind)).toEqual(['avx2', 'avx512']);
    expect(readmeSection(read)).toBe(readmeSection([run('avx2'), run('avx512')]));
  } finally {
    await rm(folder, { recursive: true });
  }
});
