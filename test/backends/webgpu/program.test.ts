/** An optimizer's step as one kernel is the chain of the rule, for every rule, placement and mask. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { useBackend } from '../../../src/backends/index.js';
import { hasKernel, RunProgram } from '../../../src/backends/kernels.js';
import { placementProblem, PLACEMENTS, type Placement } from '../../../src/experiment/placement.js';
import { makeOptimizer, type OptimizerSettings } from '../../../src/optim/index.js';
import { programOf } from '../../../src/optim/program.js';
import { RULE_NAMES, ruleOf, type RuleName } from '../../../src/rules/index.js';
import { placesOf } from '../../../src/rules/placements.js';
import { CASES, LAYOUT, plain, rateOf } from '../../rules/cases.js';
import { buffersOf, expectClose, newKernels, on, tensor, withLimits } from './both.js';

/** As many parameters as the layout of test/rules/cases.ts has, for Muon; no multiple of a workgroup. */
const n = 21;
const steps = [1, 2, 3].map((t) => ({ t, eta: 1 / t, cycleSteps: 9 }));

interface Setting {
  readonly settings: OptimizerSettings;
  readonly isMasked: boolean;
}

/** theta and the slots after some steps: by a kernel where the backend has one, else by the chain. */
const trained =
  ({ settings, isMasked }: Setting, by: 'numbers' | 'tensor', size = n) =>
  (): tf.Tensor[] => {
    const mask = isMasked ? (tf.round(tf.abs(tensor([size], 6))) as tf.Tensor1D) : undefined;
    const wd = settings.placement === 'none' ? 0 : 0.1;
    const optimizer = makeOptimizer(settings, {
      lr: rateOf(settings.name as RuleName),
      wd,
      mask,
      layout: LAYOUT,
    });
    let theta = tensor([size], 2) as tf.Tensor1D;
    let slots = optimizer.init(size);
    for (const at of steps) {
      const gradient = tensor([size], 10 + at.t) as tf.Tensor1D;
      ({ theta, slots } =
        by === 'tensor'
          ? optimizer.updateBy(tf.tensor1d(optimizer.numbers(at)), theta, gradient, slots)
          : optimizer.update(theta, gradient, slots, at));
    }
    return [theta, ...slots];
  };

async function expectChain(setting: Setting, size = n): Promise<void> {
  const found = await on('webgpu', trained(setting, 'tensor', size));
  expectClose(found, await on('cpu', trained(setting, 'numbers', size)), 2e-6);
}

const placementsOf = (name: RuleName): Placement[] =>
  PLACEMENTS.filter((placement) => placementProblem({ name, placement }) === undefined);

const placed = (settings: OptimizerSettings, placement: Placement) =>
  ({ ...settings, placement }) as OptimizerSettings;

const elementwise = RULE_NAMES.filter((name) => name !== 'muon');

describe.skipIf(whyNoDevice)(`programs ${whyNoDevice ?? ''}`, () => {
  beforeAll(async () => void (await useBackend('webgpu')));

  test('are compiled', async () => {
    await tf.setBackend('webgpu');
    expect(hasKernel(RunProgram)).toBe(true);
  });

  test.each(elementwise)('%s: every placement, with and without a mask', async (name) => {
    for (const placement of placementsOf(name)) {
      const settings = placed(plain(name), placement);
      const links = ruleOf(name).chain(settings as never, placesOf(placement, 0.1), LAYOUT);
      for (const isMasked of [false, true]) {
        expect(programOf(links, isMasked)).toBeDefined();
        await expectChain({ settings, isMasked });
      }
    }
  });

  test.each(CASES.filter(({ name }) => name !== 'muon'))('$title', async ({ settings }) => {
    await expectChain({ settings: placed(settings, 'decoupled'), isMasked: false });
  });

  test('Muon, whose matrices are no vectors, takes the chain', async () => {
    const settings = placed(plain('muon'), 'decoupled');
    const links = ruleOf('muon').chain(settings as never, placesOf('decoupled', 0.1), LAYOUT);
    expect(programOf(links, true)).toBeUndefined();
    await expectChain({ settings, isMasked: true });
  });

  test('a device with 8 buffers for a kernel takes several', async () => {
    const settings = placed(plain('amsgrad'), 'l2-in-v');
    const setting = { settings, isMasked: true };
    const whole = await on('webgpu', trained(setting, 'tensor'));
    for (const maxStorageBuffersPerShaderStage of [8, 9]) {
      const kernels = await newKernels(async () => {
        const found = await withLimits({ maxStorageBuffersPerShaderStage }, () =>
          on('webgpu', trained(setting, 'tensor')),
        );
        expect(found).toEqual(whole);
      });
      expect(Math.max(...kernels.map(buffersOf))).toBe(maxStorageBuffersPerShaderStage);
    }
  });

  test('more parameters than threads of one workgroup', async () => {
    await expectChain({ settings: placed(plain('adam'), 'decoupled'), isMasked: true }, 1000);
  });

  test('NaN in a gradient is NaN in theta, at its place', async () => {
    for (const name of elementwise.filter((one) => one !== 'lion')) {
      const [theta] = await on('webgpu', () => {
        const optimizer = makeOptimizer(plain(name), { lr: 0.1, wd: 0 });
        const numbers = tf.tensor1d(optimizer.numbers(steps[0]!));
        const [start, gradient] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([0.1, NaN, 0.3])];
        const next = optimizer.updateBy(numbers, start, gradient, optimizer.init(3));
        return [next.theta, ...next.slots];
      });
      expect([...theta!].map(Number.isNaN), name).toEqual([false, true, false]);
    }
  });
});
