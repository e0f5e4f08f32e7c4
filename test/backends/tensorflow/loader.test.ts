/**
 * The decisions of the tensorflow loader. They are about machines of many kinds, so a stand-in module
 * takes the package's place here: it registers a real tfjs backend (the cpu's) under TensorFlow's name.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { afterEach, describe, expect, it } from 'vitest';
import { BackendError } from '../../../src/backends/backend.js';
import { PACKAGE_FOLDER, SUPPORT_ADDON } from '../../../src/backends/tensorflowHome.js';
import {
  CPU_PACKAGE,
  GPU_PACKAGE,
  loadTensorflow,
  restoreRemovedUtil,
  type TensorflowHost,
} from '../../../src/backends/tensorflow.js';

class StandIn extends MathBackendCPU {
  readonly binding = { TF_Version: '2.9.1' };
  constructor(readonly isUsingGpuDevice: boolean) {
    super();
  }
}

/** What requiring the package does when it is whole: it registers its backend and returns its versions. */
const whole = (isUsingGpu: boolean) => (): unknown => {
  tf.registerBackend('tensorflow', () => new StandIn(isUsingGpu));
  return { version: { 'tfjs-core': '4.22.0', 'tfjs-node': '4.22.0' } };
};

const failing = (message: string, code?: string) => (): unknown => {
  throw Object.assign(new Error(message), { code });
};

/** A machine with these packages installed. */
const host = (packages: Record<string, () => unknown>, hasDriver = false): TensorflowHost => ({
  require: (name) => {
    const load = packages[name];
    // What Node says of a package that is not there.
    return load === undefined ? createRequire(import.meta.url)(`${name}-that-is-not-installed`) : load();
  },
  hasNvidiaDriver: () => hasDriver,
});

/** The same, with Node's error for exactly the name that was asked for. */
const emptyMachine: TensorflowHost = {
  require: (name) => failing(`Cannot find module '${name}'\nRequire stack:\n- /x.js`, 'MODULE_NOT_FOUND')(),
  hasNvidiaDriver: () => false,
};

const missing = (name: string) => failing(`Cannot find module '${name}'`, 'MODULE_NOT_FOUND');
const noBinary = (name: string) =>
  failing(
    `The Node.js native addon module (tfjs_binding.node) can not be found at path: /x/${name}/lib. \nPlease run`,
  );

async function refusal(machine: TensorflowHost): Promise<BackendError> {
  const error: unknown = await loadTensorflow({}, machine).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(BackendError);
  return error as BackendError;
}

afterEach(() => {
  if (tf.engine().findBackendFactory('tensorflow') != null) tf.removeBackend('tensorflow');
});

describe('the tensorflow loader', () => {
  it('takes the GPU package and says GPU where TensorFlow found one', async () => {
    const facts = await loadTensorflow({}, host({ [GPU_PACKAGE]: whole(true) }, true));
    expect(facts).toEqual({
      package: GPU_PACKAGE,
      version: '4.22.0',
      tensorflow: '2.9.1',
      device: 'GPU',
      records: false,
    });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('says plainly that the GPU package runs on the CPU, and which part is missing', async () => {
    const without = await loadTensorflow({}, host({ [GPU_PACKAGE]: whole(false) }, false));
    expect(without.device).toBe('CPU');
    expect(without.warning).toMatch(/NVIDIA/);
    tf.removeBackend('tensorflow');
    const withDriver = await loadTensorflow({}, host({ [GPU_PACKAGE]: whole(false) }, true));
    expect(withDriver.warning).toMatch(/adamw-bench setup cuda/);
  });

  it('takes the CPU package where only that is installed', async () => {
    const facts = await loadTensorflow(
      {},
      host({ [GPU_PACKAGE]: missing(GPU_PACKAGE), [CPU_PACKAGE]: whole(false) }),
    );
    expect(facts).toEqual({
      package: CPU_PACKAGE,
      version: '4.22.0',
      tensorflow: '2.9.1',
      device: 'CPU',
      records: false,
    });
  });

  it('takes the CPU package where the GPU package lacks its binary', async () => {
    const facts = await loadTensorflow(
      {},
      host({ [GPU_PACKAGE]: noBinary(GPU_PACKAGE), [CPU_PACKAGE]: whole(false) }),
    );
    expect(facts.package).toBe(CPU_PACKAGE);
  });

  it('says that no package is installed, and how to install one', async () => {
    const error = await refusal(emptyMachine);
    expect(error.reason).toContain(GPU_PACKAGE);
    expect(error.advice).toContain('adamw-bench setup cuda');
  });

  it('says that the binary was not downloaded, and how to get it', async () => {
    const error = await refusal(
      host({ [GPU_PACKAGE]: noBinary(GPU_PACKAGE), [CPU_PACKAGE]: missing(CPU_PACKAGE) }),
    );
    expect(error.reason).toMatch(/without its binary \(tfjs_binding\.node\)/);
    expect(error.advice).toContain('adamw-bench setup');
  });

  it('says which library the binary wants', async () => {
    const message = 'libcudart.so.11.0: cannot open shared object file: No such file or directory';
    const error = await refusal(
      host({ [GPU_PACKAGE]: failing(message, 'ERR_DLOPEN_FAILED'), [CPU_PACKAGE]: missing(CPU_PACKAGE) }),
    );
    expect(error.code).toBe('backend-library-missing');
    expect(error.reason).toContain('libcudart.so.11.0');
    expect(error.advice).toContain('adamw-bench setup');
  });

  it('does not take a dependency of the package that is missing for the package', async () => {
    const error = await refusal(
      host({ [GPU_PACKAGE]: missing('@mapbox/node-pre-gyp'), [CPU_PACKAGE]: missing(CPU_PACKAGE) }),
    );
    expect(error.code).toBe('backend-unusable');
    expect(error.reason).toContain('@mapbox/node-pre-gyp');
  });

  it('notices a second copy of tfjs-core', async () => {
    const elsewhere = (): unknown => ({ version: { 'tfjs-node': '4.21.0' } });
    const error = await refusal(host({ [GPU_PACKAGE]: elsewhere }));
    expect(error.code).toBe('backend-second-core');
  });

  it('asks every package for its device, also the one that is called the CPU package', async () => {
    const facts = await loadTensorflow(
      {},
      host({ [GPU_PACKAGE]: missing(GPU_PACKAGE), [CPU_PACKAGE]: whole(true) }),
    );
    expect(facts).toMatchObject({ package: CPU_PACKAGE, device: 'GPU' });
  });

  it.each([
    ['cpu', false, false],
    ['cpu', true, true],
    ['cuda', false, true],
    ['cuda', true, true],
  ] as const)('set up for %s, with a driver %s: a warning %s', async (kind, hasDriver, warns) => {
    const blocked: number[] = [];
    const machine: TensorflowHost = {
      require: (name) => {
        if (name === `/set-up/${PACKAGE_FOLDER}`) return whole(false)();
        if (name.endsWith(SUPPORT_ADDON)) return { blockSignals: () => blocked.push(1) };
        throw new Error(`not to be asked for: ${name}`);
      },
      hasNvidiaDriver: () => hasDriver,
      setUp: () => ({ folder: '/set-up', kind }),
    };
    const facts = await loadTensorflow({}, machine);
    expect(facts).toMatchObject({ device: 'CPU', setUp: { folder: '/set-up', kind } });
    expect(facts.warning !== undefined).toBe(warns);
    expect(blocked).toHaveLength(1);
  });

  it('says of a set-up without the addon of recorded steps that it works, and to set up again', async () => {
    const machine: TensorflowHost = {
      require: (name) => (name.endsWith(SUPPORT_ADDON) ? { blockSignals: () => undefined } : whole(false)()),
      hasNvidiaDriver: () => false,
      setUp: () => ({ folder: '/set-up', kind: 'cpu' }),
      loadFunctions: () => false,
    };
    const facts = await loadTensorflow({}, machine);
    expect(facts).toMatchObject({ device: 'CPU', records: false });
    expect(facts.warning).toMatch(/run `adamw-bench setup` again/);
  });

  it('says that a set-up is damaged, and does not fall back to another package', async () => {
    const error = await refusal({
      require: (name) => failing(`Cannot find module '${name}'`, 'MODULE_NOT_FOUND')(),
      hasNvidiaDriver: () => false,
      setUp: () => ({ folder: '/set-up', kind: 'cpu' }),
    });
    expect(error.reason).toContain('/set-up');
    expect(error.advice).toContain('--remove');
  });

  it('sets what TensorFlow reads as it is loaded, and leaves what the user has set', async () => {
    const before = { ...process.env };
    process.env['TF_NUM_INTEROP_THREADS'] = '7';
    delete process.env['TF_NUM_INTRAOP_THREADS'];
    try {
      await loadTensorflow({ threads: 3 }, host({ [GPU_PACKAGE]: whole(true) }));
      expect(process.env).toMatchObject({
        TF_NUM_INTRAOP_THREADS: '3',
        TF_NUM_INTEROP_THREADS: '7',
        TF_DETERMINISTIC_OPS: '1',
        TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      });
    } finally {
      process.env = before;
    }
  });

  it('puts back what Node 23 removed from util before the package is required, and leaves what is there', async () => {
    const seen: unknown[] = [];
    const nodeUtil = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
    const kept = nodeUtil['isNullOrUndefined'];
    delete nodeUtil['isNullOrUndefined'];
    try {
      await loadTensorflow(
        {},
        host({
          [GPU_PACKAGE]: () => {
            seen.push(nodeUtil['isNullOrUndefined']);
            return whole(true)();
          },
        }),
      );
    } finally {
      if (kept !== undefined) nodeUtil['isNullOrUndefined'] = kept;
    }
    const restored = seen[0] as (value: unknown) => boolean;
    expect([null, undefined, 0, '', false].map(restored)).toEqual([true, true, false, false, false]);

    const present = (): boolean => true;
    const util: Record<string, unknown> = { isNullOrUndefined: present };
    restoreRemovedUtil(util);
    expect(util['isNullOrUndefined']).toBe(present);
    expect(util['isArray']).toBe(Array.isArray);
  });
});
