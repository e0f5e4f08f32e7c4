/** Every network trains on WebGPU as it does on the cpu backend, with every kind of rule and of decay. */
import { describe, expect, test } from 'vitest';
import type { OptimizerSettings } from '../../../src/experiment/optimizerSettings.js';
import { PLACEMENTS } from '../../../src/experiment/placement.js';
import { ruleOf } from '../../experiment/rule.js';
import { distance, networks, trained, type Network } from '../../models/trained.js';
import { whyNoDevice } from './softwareDevice.js';

/**
 * A rule with its defaults. Adam divides a gradient by its own size, so that one which is nothing but rounding moves its
 * weight as far as any other; a larger eps keeps it small.
 */
function smooth(name: OptimizerSettings['name']): OptimizerSettings {
  const rule = ruleOf(name);
  return 'eps' in rule ? { ...rule, eps: 1e-3 } : rule;
}

/** After three steps theta and the running statistics differ by a part in 10^4 at most, the losses by one in 2000. */
async function expectSame(spec: Network, settings: OptimizerSettings): Promise<void> {
  const [gpu, cpu] = [await trained('webgpu', spec, settings), await trained('cpu', spec, settings)];
  expect(distance(gpu.theta, cpu.theta)).toBeLessThan(1e-4);
  expect(distance(gpu.state, cpu.state)).toBeLessThan(1e-4);
  expect(gpu.losses).toHaveLength(3);
  gpu.losses.forEach((loss, i) => expect(loss / cpu.losses[i]!).toBeCloseTo(1, 3));
  expect(gpu.loss / cpu.loss).toBeCloseTo(1, 3);
}

/** A step of an optimizer does not know the network, so each network has one of these. */
const rules = ['adam', 'adamw', 'sgdw'] as const;

describe.skipIf(whyNoDevice)(`webgpu ${whyNoDevice ?? ''}`, () => {
  test.each(networks.map((spec, i) => ({ spec, rule: rules[i % rules.length]! })))(
    '$spec.name with $rule',
    ({ spec, rule }) => expectSame(spec, smooth(rule)),
  );

  test.each(rules)('mlp with %s', (rule) => expectSame(networks[1]!, smooth(rule)));

  test.each(PLACEMENTS)('adam, decay %s', (placement) =>
    expectSame(networks[0]!, { ...smooth('adam'), placement }),
  );

  test('cnn with muon', () => expectSame(networks[2]!, smooth('muon')));
});
