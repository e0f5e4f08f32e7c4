/**
 * Against the libraries: 300 steps under a changing learning rate, which the scripts test/fixtures/rules/make_*.py had
 * them take in float64. The rules in float64 agree to 1e-9 (Keras: 1e-5), on tensors in float32 to 1e-5 (Muon: 5e-5).
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { relativeDistance } from '../optim/problem.js';
import { farthest, fixtureOf, inDoubles, LIBRARIES, onTensors } from './fixtures.js';

beforeAll(() => tf.setBackend('cpu'));

describe.each(LIBRARIES)('%s', (library) => {
  const fixture = fixtureOf(library);
  const agreeing = fixture.runs.filter(({ difference }) => difference === undefined);

  test.each(agreeing.map((run) => ({ run, title: JSON.stringify(run.settings) })))('$title', ({ run }) => {
    expect(farthest(inDoubles(fixture, run), run)).toBeLessThan(run.tolerance ?? 1e-9);
    const floats = onTensors(fixture, run);
    // Muon's iteration makes the small singular values of a matrix large, and their rounding with them.
    const most = run.settings.name === 'muon' ? 5e-5 : 1e-5;
    expect(farthest(floats, run)).toBeLessThan(Math.max(most, 2 * (run.tolerance ?? 0)));
    if (run.float32) expect(relativeDistance(floats.at(-1)!, run.float32)).toBeLessThan(most);
  });
});
