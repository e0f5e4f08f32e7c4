/**
 * A process that may take no more memory than it has and 256 MB, and asks for kernels that need more for their padded
 * images. It prints the error of each, then the result of a kernel that fits. Plain JavaScript: tsx would take memory
 * of its own, for WebAssembly, at a moment that it chooses.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadAddon } from '../../../dist/backends/onednn/addon.js';

const addon = loadAddon();
const floats = (n) => new Float32Array(n).fill(1);
addon.setThreads(2);

// Two images of one row and 16 columns, and a filter of two rows that are 2^22 rows apart: padded, an image is 1 GiB.
const apart = 2 ** 22;
const geometry = Int32Array.of(2, 1, 16, 1, 2, 1, 64, 1, 1, apart, 1, apart, 0, 1, 16);
const [x, filter, bias, y] = [floats(32), floats(128), floats(64), floats(2 * 16 * 64)];
// The threads are started while there is memory.
addon.conv2d(Int32Array.of(2, 1, 16, 1, 1, 1, 64, 1, 1, 1, 1, 0, 0, 1, 16), x, floats(64), null, false, y);

const size = /^VmSize:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
const limit = (Number(size) + 2 ** 18) * 1024;
const { status } = spawnSync('prlimit', ['--pid', String(process.pid), `--as=${limit}:${limit}`]);
if (status !== 0) throw new Error('prlimit failed');

const calls = {
  forward: () => addon.conv2d(geometry, x, filter, null, false, y),
  forwardAndPool: () =>
    addon.conv2dReluMaxPool(geometry, 1, x, filter, bias, floats(y.length), new Uint8Array(y.length)),
  filterGradient: () => addon.conv2dFilterGradient(geometry, x, y, floats(filter.length)),
};
const errors = Object.entries(calls).map(([name, call]) => {
  try {
    call();
    return `${name}: done`;
  } catch (error) {
    return `${name}: ${error.message}`;
  }
});
const product = floats(1);
addon.matmul(1, 1, 1, 3, 1, false, false, floats(3), floats(3), null, false, product);
console.log(JSON.stringify({ errors, product: product[0] }));
