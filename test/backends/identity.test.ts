/** What a cell says of the backend that trained it. */
import { expect, it } from 'vitest';
import { BACKEND_NAMES } from '../../src/backends/index.js';
import { backendOfIdentity, identityOf, usesCuda, requireIdentity } from '../../src/backends/identity.js';

const report = (name: (typeof BACKEND_NAMES)[number], device: string) =>
  ({ name, device, available: true }) as const;

it('only TensorFlow on a GPU is called otherwise than by its name', () => {
  for (const name of BACKEND_NAMES) {
    expect(identityOf(report(name, 'CPU'))).toBe(name);
    expect(backendOfIdentity(name)).toBe(name);
    expect(usesCuda(name)).toBe(false);
  }
  const gpu = identityOf(report('tensorflow', 'GPU'));
  expect(gpu).not.toBe('tensorflow');
  expect(backendOfIdentity(gpu)).toBe('tensorflow');
  expect(usesCuda(gpu)).toBe(true);
});

it('cells of one kind of device are not trained on the other', () => {
  const gpu = identityOf(report('tensorflow', 'GPU'));
  requireIdentity('tensorflow', report('tensorflow', 'CPU'));
  requireIdentity(gpu, report('tensorflow', 'GPU'));
  const refusal = { code: 'backend-unusable' };
  expect(() => requireIdentity(gpu, report('tensorflow', 'CPU'))).toThrow(expect.objectContaining(refusal));
  expect(() => requireIdentity('tensorflow', report('tensorflow', 'GPU'))).toThrow(
    expect.objectContaining(refusal),
  );
});
