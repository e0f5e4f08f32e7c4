/** What a set-up decides: on which machines, which files, what of them, how much space. */
import { describe, expect, it } from 'vitest';
import { runpathIn } from '../../src/setup/build.js';
import { PINS, UNPACKED } from '../../src/setup/pins.js';
import {
  isAtLeast,
  isLicence,
  placeOf,
  planSetup,
  requireMachine,
  requireSpace,
} from '../../src/setup/plan.js';

const machine = { platform: 'linux', arch: 'x64', glibc: '2.36' };
const codeOf = (act: () => void): unknown => {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('the machine', () => {
  it.each([
    [{}, undefined],
    [{ glibc: '2.27' }, undefined],
    [{ glibc: '2.26' }, 'setup-glibc'],
    [{ glibc: '2.9' }, 'setup-glibc'],
    [{ glibc: undefined }, 'setup-glibc'],
    [{ arch: 'arm64' }, 'setup-platform'],
    [{ platform: 'darwin', arch: 'arm64', glibc: undefined }, 'setup-platform'],
    [{ platform: 'win32' }, 'setup-platform'],
  ])('with %j', (changes, code) => {
    expect(codeOf(() => requireMachine({ ...machine, ...changes }))).toBe(code);
  });

  it('compares versions by their numbers', () => {
    expect(isAtLeast('2.100', '2.27')).toBe(true);
    expect(isAtLeast('3', '2.27')).toBe(true);
    expect(isAtLeast('2', '2.27')).toBe(false);
  });
});

describe('the pinned files', () => {
  it.each(['cpu', 'cuda'] as const)('of %s have sums, sizes, and a name each', (kind) => {
    for (const pin of PINS[kind]) {
      expect(pin.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(pin.bytes).toBeGreaterThan(1000);
      expect(pin.registry === 'pypi').toBe(pin.platforms.length > 0);
    }
    expect(new Set(PINS[kind].map(({ file }) => file)).size).toBe(PINS[kind].length);
  });

  it('are TensorFlow for a CPU, or TensorFlow with the twelve packages of its extra and-cuda', () => {
    const wheels = (kind: 'cpu' | 'cuda') => PINS[kind].filter(({ registry }) => registry === 'pypi');
    expect(wheels('cpu').map(({ project }) => project)).toEqual(['tensorflow-cpu']);
    expect(wheels('cuda')).toHaveLength(13);
    expect(wheels('cuda').every(({ file }) => file.endsWith('x86_64.whl'))).toBe(true);
  });
});

describe('the plan', () => {
  it('counts whole files as done and goes on with begun ones', () => {
    const [first, ...rest] = PINS.cpu;
    const whole = new Map(rest.map(({ file, bytes }) => [file, bytes]));
    expect(planSetup('cpu', whole)).toMatchObject({ missing: [first], download: first!.bytes });
    const begun = new Map([...whole, [first!.file, first!.bytes - 10]]);
    expect(planSetup('cpu', begun)).toMatchObject({ download: 10, disk: 10 + UNPACKED.cpu });
  });

  it('refuses a disk that is too small for what is fetched and unpacked together', () => {
    const plan = planSetup('cuda', new Map());
    expect(codeOf(() => requireSpace(plan, plan.disk - 1, '/x'))).toBe('setup-disk');
    expect(codeOf(() => requireSpace(plan, plan.disk, '/x'))).toBeUndefined();
  });
});

describe('a member of a wheel', () => {
  it.each([
    ['tensorflow/libtensorflow_cc.so.2', 'deps/lib/libtensorflow_cc.so.2'],
    ['tensorflow/include/tensorflow/c/c_api.h', 'deps/include/tensorflow/c/c_api.h'],
    ['tensorflow/include/xla/tsl/c/tsl_status.h', 'deps/include/xla/tsl/c/tsl_status.h'],
    ['nvidia/cudnn/lib/libcudnn_ops.so.9', 'deps/nvidia/cudnn/lib/libcudnn_ops.so.9'],
    ['nvidia/cuda_nvcc/bin/ptxas', 'deps/nvidia/cuda_nvcc/bin/ptxas'],
    ['tensorflow/python/_pywrap_tensorflow_internal.so', undefined],
    ['tensorflow/include/tensorflow/core/framework/op.h', undefined],
    ['nvidia/cudnn/include/cudnn.h', undefined],
    ['nvidia/cufft/lib/libcufft_static.a', undefined],
    ['../tensorflow/libtensorflow_cc.so.2', undefined],
    ['tensorflow/include/tensorflow/c/../../../../etc/x.h', undefined],
    ['nvidia/../../lib/x.so', undefined],
  ])('%s', (member, place) => {
    expect(placeOf(member)).toBe(place);
  });

  it('brings its licence', () => {
    expect(isLicence('nvidia_cudnn_cu12-9.28.0.42.dist-info/licenses/License.txt')).toBe(true);
    expect(isLicence('tensorflow_cpu-2.21.0.dist-info/METADATA')).toBe(false);
  });
});

it('the search path of a library is read from readelf, each folder once', () => {
  const text =
    ' 0x1 (NEEDED)  Shared library: [libm.so.6]\n 0x1d (RUNPATH)  Library runpath: [$ORIGIN/../a:$ORIGIN/../b:$ORIGIN/../a]\n';
  expect(runpathIn(text)).toEqual(['$ORIGIN/../a', '$ORIGIN/../b']);
  expect(runpathIn(' 0x1 (NEEDED)  Shared library: [libm.so.6]\n')).toEqual([]);
});
