/** Our kernels on WebGPU: the fused ones of backends/kernels.ts, and those in the place of slow ones of tfjs. */
import { registerActivations } from './activations.js';
import { registerAttention } from './attention.js';
import { registerBatchNorm } from './batchNorm.js';
import { registerCrossEntropy } from './crossEntropy.js';
import { registerEmbedding } from './embedding.js';
import { registerLayerNorm } from './layerNorm.js';
import { registerConvolutions } from './convolution.js';
import { registerMatMul } from './matMul.js';
import { registerMaxPool } from './maxPool.js';
import { registerProgram } from './program.js';

export function registerWebgpuKernels(): void {
  registerProgram();
  registerCrossEntropy();
  registerBatchNorm();
  registerActivations();
  registerLayerNorm();
  registerEmbedding();
  registerAttention();
  registerConvolutions();
  registerMatMul();
  registerMaxPool();
}
