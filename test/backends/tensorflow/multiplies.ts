/** A process that multiplies matrices on TensorFlow for two seconds and handles SIGTERM meanwhile. */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../src/backends/index.js';

await loadBackend('tensorflow', { threads: Number(process.argv[2]) });
let handled = 0;
process.on('SIGTERM', () => handled++);
const a = tf.randomNormal([128, 784], 0, 1, 'float32', 1) as tf.Tensor2D;
const b = tf.randomNormal([784, 256], 0, 1, 'float32', 2) as tf.Tensor2D;
const product = () => tf.tidy(() => tf.matMul(a, b).dataSync().slice());
const wanted = product();
let wrong = 0;
const end = performance.now() + 2000;

function go(): void {
  for (const until = performance.now() + 5; performance.now() < until;) {
    const found = product();
    if (found.some((value, i) => value !== wanted[i])) wrong++;
    // Gradients' shapes: memory is taken and given back.
    tf.tidy(() => void tf.matMul(a, tf.matMul(a, b), true, false).dataSync());
  }
  if (performance.now() < end) setImmediate(go);
  else console.log(`handled ${handled}, wrong ${wrong}`);
}

console.log('ready');
go();
// Node gives signals their default action when it ends: it has to outlive the last of them.
process.stdin.resume();
