/** Our kernels on WebGPU: the fused ones of backends/kernels.ts, and those in the place of slow ones of tfjs. */
import { registerConvolutions } from './convolution.js';
import { registerMatMul } from './matMul.js';
import { registerMaxPool } from './maxPool.js';
import { registerProgram } from './program.js';

export function registerWebgpuKernels(): void {
  registerProgram();
  registerConvolutions();
  registerMatMul();
  registerMaxPool();
}
