/**
 * Softmax on a CPU, of simpler operations. On processors with AVX-512 TensorFlow puts oneDNN's softmax in the place of
 * its own within a function, and keeps its own outside, and the two differ in the last bits. So a recorded step would differ
 * from the same step kernel by kernel (repeats.ts), and a run that is continued from one that is not.
 */
import { div, exp, getKernel, max, sub, sum, tidy, unregisterKernel, type Tensor } from '../../tfjs.js';
import { BACKEND_NAME, register } from './ops.js';

const SOFTMAX = 'Softmax';

/** Puts it in the place of tfjs-node's; a second call does nothing new. */
export function registerSoftmax(): void {
  if ((getKernel(SOFTMAX, BACKEND_NAME) as unknown) != null) unregisterKernel(SOFTMAX, BACKEND_NAME);
  register<{ logits: Tensor }, { dim: number }>(SOFTMAX, ({ inputs: { logits }, attrs: { dim } }) =>
    tidy(() => {
      const powers = exp(sub(logits, max(logits, dim, true)));
      return div(powers, sum(powers, dim, true));
    }),
  );
}
