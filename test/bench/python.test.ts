import { expect, test } from 'vitest';
import { peersFolder, pythonOf } from '../../bench/peers/python.js';

const machine = (env: Record<string, string>) => ({ platform: 'linux' as const, env, home: '/home/ann' });

test('the environments lie in the cache folder, or where the user wants them, never in the repository', () => {
  expect(peersFolder(machine({}))).toBe('/home/ann/.cache/adamw-bench/peers');
  expect(peersFolder(machine({ XDG_CACHE_HOME: '/fast' }))).toBe('/fast/adamw-bench/peers');
  expect(peersFolder(machine({ BENCH_PEERS: '/big/peers' }))).toBe('/big/peers');
});

test('each peer has a Python of its own, which the user may name', () => {
  expect(pythonOf('pytorch', machine({ BENCH_PEERS: '/p' }))).toBe('/p/pytorch/bin/python');
  expect(pythonOf('tensorflow', machine({ BENCH_PEERS: '/p' }))).toBe('/p/tensorflow/bin/python');
  expect(pythonOf('pytorch', machine({ BENCH_PYTHON: '/opt/torch/bin/python' }))).toBe(
    '/opt/torch/bin/python',
  );
});
