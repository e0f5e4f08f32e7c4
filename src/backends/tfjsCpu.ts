/** tfjs's backend `cpu`, which registers itself; loaded in the way of tfjs.ts, for the same reason. */
import { createRequire } from 'node:module';
import type * as Cpu from '@tensorflow/tfjs-backend-cpu';

export const { MathBackendCPU, version_cpu } = createRequire(import.meta.url)(
  '@tensorflow/tfjs-backend-cpu',
) as typeof Cpu;
