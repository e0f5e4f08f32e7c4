/** How many worker processes there are on this machine if nobody has said so. */
import { listGpus, visibleGpus } from '../backends/gpus.js';
import { usesCuda } from '../backends/identity.js';
import { usableCpus } from './cpuQuota.js';

/** As many workers of so many threads as fill the CPU. */
export const workersOnCpu = (threads: number, cpus = usableCpus()): number =>
  Math.max(1, Math.floor(cpus / threads));

/**
 * One for each GPU, else as many as fill the CPU. WebGPU offers one GPU: the one that it calls the most powerful.
 * @param identity what computes, as cells name it: see identityOf
 */
export function defaultWorkers(identity: string, threads: number): number {
  if (identity === 'webgpu') return 1;
  if (!usesCuda(identity)) return workersOnCpu(threads);
  return Math.max(1, visibleGpus(listGpus(), process.env['CUDA_VISIBLE_DEVICES']).length);
}
