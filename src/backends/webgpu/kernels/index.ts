/** Our kernels on WebGPU: the fused ones of backends/kernels.ts, and those in the place of slow ones of tfjs. */
import { registerProgram } from './program.js';

export function registerWebgpuKernels(): void {
  registerProgram();
}
