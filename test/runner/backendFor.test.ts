/** Which backend a begun folder goes on with. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { chooseBackend, type BackendReport } from '../../src/backends/index.js';
import { HOME_VARIABLE } from '../../src/backends/tensorflowHome.js';
import { backendFor } from '../../src/runner/backendFor.js';
import type { Manifest } from '../../src/runner/manifest.js';

/** A folder whose last session computed with this. */
const after = (backend: Pick<BackendReport, 'name' | 'device'>): Manifest =>
  ({ sessions: [{ backend: { available: true, ...backend } }] }) as unknown as Manifest;

let fastest: BackendReport;
beforeAll(async () => {
  fastest = await chooseBackend('auto', { threads: 1 });
});

describe('with backend: auto', () => {
  it('a new folder takes the fastest', async () => {
    expect(await backendFor({ backend: 'auto', threads: 1 }, undefined)).toEqual({ backend: fastest });
  });

  it('a begun folder keeps its own, and the user is told of the other', async () => {
    const { backend, notice } = await backendFor(
      { backend: 'auto', threads: 1 },
      after({ name: 'cpu', device: 'CPU' }),
    );
    expect(backend.name).toBe('cpu');
    expect(notice).toContain(`--set backend=${fastest.name}`);
  });

  it('nothing is said where both are one', async () => {
    const before = after({ name: fastest.name, device: 'CPU' });
    expect((await backendFor({ backend: 'auto', threads: 1 }, before)).notice).toBeUndefined();
  });

  it('a folder of a GPU that is not here any more takes the fastest', async () => {
    const before = after({ name: 'tensorflow', device: 'GPU' });
    const { backend, notice } = await backendFor({ backend: 'auto', threads: 1 }, before);
    expect(backend.name).toBe(fastest.name);
    expect(notice).toMatch(/begun with backend tensorflow, which cannot be used now: .+ goes on with/);
  });

  it('the notice has the reason where the folder’s backend does not work any more', async () => {
    vi.stubEnv(HOME_VARIABLE, join(tmpdir(), 'adamw-bench-no-set-up'));
    const before = after({ name: 'tensorflow', device: 'GPU' });
    const { backend, notice } = await backendFor({ backend: 'auto', threads: 1 }, before);
    vi.unstubAllEnvs();
    expect(backend.name).toBe(fastest.name);
    expect(notice).toContain('is not set up. Run `adamw-bench setup');
  });
});

it('a backend that the configuration names is taken, whatever the folder had', async () => {
  const choice = await backendFor({ backend: 'wasm', threads: 1 }, after({ name: 'cpu', device: 'CPU' }));
  expect(choice).toMatchObject({ backend: { name: 'wasm' } });
  expect(choice.notice).toBeUndefined();
});
