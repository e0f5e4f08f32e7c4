/** A process that multiplies for two seconds, with as many threads as its argument says, and handles SIGTERM meanwhile. */
import { loadAddon } from '../../../src/backends/onednn/addon.js';

const [m, k, n] = [128, 784, 256] as const;
const [a, b, c] = [new Float32Array(m * k), new Float32Array(k * n), new Float32Array(m * n)];
const addon = loadAddon();
addon.setThreads(Number(process.argv[2]));
let handled = 0;
process.on('SIGTERM', () => handled++);
const end = performance.now() + 2000;

function go(): void {
  for (const until = performance.now() + 5; performance.now() < until;) {
    addon.matmul(1, 1, m, k, n, false, false, a, b, null, false, c);
    // Memory taken and given back: where something has been written over it, the allocator ends the process.
    addon.matmul(1, 1, k, m, n, true, false, a, c, null, false, b.slice());
    addon.matmul(1, 1, m, n, k, false, true, c, b, null, false, a.slice());
  }
  if (performance.now() < end) setImmediate(go);
  else console.log(`handled ${handled}`);
}

console.log('ready');
go();
// Node gives signals their default action when it ends: it has to outlive the last of them.
process.stdin.resume();
