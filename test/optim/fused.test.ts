/**
 * The fused kernels against the chains that specify them.
 *
 * The kernels' contract (backends/kernels.ts) is written here once more in plain JavaScript and registered with the cpu
 * backend, so that what `update` passes to a kernel is checked on every machine; the native backend's own kernels
 * are checked where that backend loads.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { AdamStep, hasKernel, SgdStep } from '../../src/backends/kernels.js';
import type { OptimizerRule } from '../../src/optim/index.js';
import { use } from './backend.js';
import { drive, RULE } from './drive.js';
import { gradient, PARAMETERS, relativeDistance, theta0 } from './problem.js';

beforeAll(() => tf.setBackend('cpu'));

type Vectors = Record<string, Float32Array | undefined>;
type Attrs = Record<string, number>;
/** New theta, m (and v) at one index, from the old values there. */
type Scalar = (at: (name: string) => number, a: Attrs) => number[];

const adamStep: Scalar = (at, a) => {
  const theta = at('theta');
  const g = at('gradient') + a['l2']! * at('mask') * theta;
  const m = a['beta1']! * at('m') + (1 - a['beta1']!) * g;
  const v = a['beta2']! * at('v') + (1 - a['beta2']!) * g * g;
  const direction = m / a['bias1']! / (Math.sqrt(v / a['bias2']!) + a['epsilon']!);
  return [theta - a['stepSize']! * direction - a['decay']! * at('mask') * theta, m, v];
};
const sgdStep: Scalar = (at, a) => {
  const theta = at('theta');
  const g = at('gradient') + a['l2']! * at('mask') * theta;
  const m = a['momentum']! * at('m') + a['gradientScale']! * g;
  return [theta - a['momentumScale']! * m - a['decay']! * at('mask') * theta, m];
};

/** A CPU kernel that applies `step` at each index; counts its calls. */
function register(kernelName: string, step: Scalar, calls: { n: number }): void {
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      calls.n++;
      const cpu = backend as { makeTensorInfo(s: number[], d: 'float32', v: Float32Array): tf.TensorInfo };
      const read = backend as { data: { get(id: object): { values: Float32Array } } };
      const vectors: Vectors = Object.fromEntries(
        Object.entries(inputs).map(([name, x]) => [name, x && read.data.get(x.dataId).values]),
      );
      const n = vectors['theta']!.length;
      const rows = Array.from({ length: n }, (_, i) =>
        step((name) => vectors[name]?.[i] ?? 1, attrs as unknown as Attrs),
      );
      return rows[0]!.map((_, k) =>
        cpu.makeTensorInfo(
          [n],
          'float32',
          Float32Array.from(rows, (row) => row[k]!),
        ),
      );
    },
  });
}

afterEach(() => {
  for (const name of [AdamStep, SgdStep]) if (tf.getKernel(name, 'cpu')) tf.unregisterKernel(name, 'cpu');
});

const MASK = Array.from({ length: PARAMETERS }, (_, i) => (i % 3 === 0 ? 0 : 1));
const RULES: [string, OptimizerRule][] = (['adam', 'adamw', 'sgd', 'sgdw'] as const).flatMap((name) => [
  [`${name}, the paper's forms`, { ...RULE, name, eps: 1e-4 }],
  [
    `${name}, Torch's forms`,
    { ...RULE, name, eps: 1e-4, epsForm: 'torch7', momentumForm: 'torch', convention: 'lr' },
  ],
]);

const finish = (rule: OptimizerRule, mask: number[] | undefined) =>
  drive(
    {
      rule,
      lr: 0.02,
      wd: 0.1,
      schedule: { name: 'cosine' },
      epochs: 2,
      stepsPerEpoch: 10,
      ...(mask ? { mask } : {}),
    },
    theta0,
    gradient,
  ).at(-1)!;

test.each(RULES)('what update passes to a kernel: %s', (_title, rule) => {
  for (const mask of [undefined, MASK]) {
    const composed = finish(rule, mask);
    const calls = { n: 0 };
    register(AdamStep, adamStep, calls);
    register(SgdStep, sgdStep, calls);
    expect(relativeDistance(finish(rule, mask), composed)).toBeLessThan(1e-6);
    expect(calls.n).toBe(20);
    for (const name of [AdamStep, SgdStep]) tf.unregisterKernel(name, 'cpu');
  }
});

test('the native backend agrees with the chains', async (context) => {
  const composed = RULES.map(([, rule]) => [finish(rule, undefined), finish(rule, MASK)]);
  await use('onednn', context);
  try {
    expect([hasKernel(AdamStep), hasKernel(SgdStep)]).toEqual([true, true]);
    RULES.forEach(([title, rule], i) =>
      [undefined, MASK].forEach((mask, j) =>
        expect(relativeDistance(finish(rule, mask), composed[i]![j]!), title).toBeLessThan(1e-6),
      ),
    );
  } finally {
    await tf.setBackend('cpu');
  }
});
