/** Choosing a backend by name and by itself, and the doctor's trial of each, for real. */
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { relativeDifference, smallGradient } from '../../src/backends/check.js';
import {
  BACKEND_NAMES,
  BackendError,
  chooseBackend,
  probeBackends,
  useBackend,
  type BackendReport,
} from '../../src/backends/index.js';
import { nvidiaDriver } from '../../src/backends/gpus.js';
import { HOME_VARIABLE, readSetUp, tensorflowHome } from '../../src/backends/tensorflowHome.js';
import { probeBackend } from '../../src/backends/probe.js';

/** useBackend refuses this backend too, for the same reason and with the same advice. */
async function expectRefusal({ name, reason = '', advice = '' }: BackendReport): Promise<void> {
  const error: unknown = await useBackend(name, {}).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(BackendError);
  expect(error).toMatchObject({ backend: name, reason });
  expect(reason).toMatch(/\w+/);
  expect((error as Error).message).toContain(advice);
}

describe('useBackend', () => {
  it.each(['cpu', 'wasm'] as const)('makes %s the current backend', async (name) => {
    const report = await useBackend(name, {});
    expect(report).toMatchObject({ name, available: true, version: '4.22.0', threads: 1 });
    expect(tf.getBackend()).toBe(name);
  });

  it('keeps the banner of the cpu backend off the terminal', async () => {
    const warn = vi.spyOn(console, 'warn');
    await useBackend('cpu', {});
    tf.tensor1d([1, 2]).dispose();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('takes by itself a backend that computes right, and says why it passed others over', async () => {
    await useBackend('cpu', {});
    const expected = await smallGradient();
    const report = await useBackend('auto', { threads: 1 });
    expect(report.available).toBe(true);
    expect(tf.getBackend()).toBe(report.name);
    expect(relativeDifference(await smallGradient(), expected)).toBeLessThan(1e-4);
    if (report.name === 'wasm') expect(report.facts?.['onednn not used']).toMatch(/./);
    else expect(['tensorflow', 'onednn']).toContain(report.name);
  });
});

describe('on a machine with an NVIDIA driver', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
  const nowhere = join(tmpdir(), 'adamw-bench-no-set-up');

  it('auto takes another backend where TensorFlow is not set up, and says why', async () => {
    vi.spyOn(nvidiaDriver, 'isThere').mockReturnValue(true);
    vi.stubEnv(HOME_VARIABLE, nowhere);
    for (const choose of [useBackend, chooseBackend]) {
      const report = await choose('auto', { threads: 1 });
      expect(report.name).not.toBe('tensorflow');
      expect(report.facts?.['tensorflow not used']).toMatch(/setup/);
    }
  });

  it.skipIf(readSetUp(tensorflowHome()) === undefined)(
    'auto does not take TensorFlow on a CPU, nor load it into this process',
    async () => {
      vi.spyOn(nvidiaDriver, 'isThere').mockReturnValue(true);
      vi.stubEnv('CUDA_VISIBLE_DEVICES', '');
      const report = await chooseBackend('auto', { threads: 1 });
      expect(report.name).not.toBe('tensorflow');
      expect(report.facts?.['tensorflow not used']).toMatch(/./);
      expect(tf.engine().findBackendFactory('tensorflow')).toBeFalsy();
      expect(await chooseBackend('tensorflow', { threads: 1 })).toMatchObject({ device: 'CPU', threads: 1 });
      expect(tf.engine().findBackendFactory('tensorflow')).toBeFalsy();
    },
  );

  it('a coordinator refuses TensorFlow where it is not set up', async () => {
    vi.stubEnv(HOME_VARIABLE, nowhere);
    await expect(chooseBackend('tensorflow')).rejects.toMatchObject({ code: 'backend-unusable' });
  });
});

describe('probeBackends', () => {
  it('tries every backend in its own process and says what it found', async () => {
    const reports = await probeBackends();
    expect(reports.map(({ name }) => name)).toEqual(BACKEND_NAMES);
    for (const report of reports) {
      if (report.available) expect(Number(report.facts?.['difference from cpu'])).toBeLessThan(1e-4);
      else await expectRefusal(report);
    }
    expect(reports.filter(({ available }) => available).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['wasm', 'cpu']),
    );
  });

  it('ends a child that does not answer, and says so', async () => {
    const report = await probeBackend('cpu', { timeoutMs: 1 });
    expect(report).toMatchObject({ name: 'cpu', available: false });
    expect(report.reason).toMatch(/SIGKILL/);
  });

  it('is not ended by Ctrl-C, which is the parent’s affair', async () => {
    const children = () =>
      readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ');
    const others = children();
    const trial = probeBackend('cpu');
    const child = Number(children().find((pid) => !others.includes(pid)));
    const signals = () => /^SigCgt:\s*(\w+)/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))![1]!;
    // SIGHUP is the last that it takes; Node itself takes SIGINT from the start.
    while ((BigInt(`0x${signals()}`) & 1n) === 0n) await sleep(20);
    process.kill(child, 'SIGINT');
    expect(await trial).toMatchObject({ name: 'cpu', available: true });
  });
});
