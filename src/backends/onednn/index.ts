/**
 * The tfjs backend `onednn`: a native addon (native/) of oneDNN and our own kernels. Kernels that it lacks run in
 * tfjs's JavaScript.
 */
import '../tfjsCpu.js';
import { getKernel, getKernelsForBackend, registerBackend, registerKernel } from '../tfjs.js';
import { OnednnBackend, backendName } from './backend.js';
import { loadAddon } from './addon.js';
import { describeOnednn, type OnednnFacts } from './facts.js';
import { javascriptKernel, registerNative } from './kernel.js';
import { batchNormKernels } from './kernels/batchNorm.js';
import { convolutionKernels } from './kernels/convolution.js';
import { elementwiseKernels } from './kernels/elementwise.js';
import { matmulKernels } from './kernels/matmul.js';
import { poolingKernels } from './kernels/pooling.js';
import { reductionKernels } from './kernels/reduction.js';
import { splittingKernels } from './kernels/splitting.js';
import { trainingKernels } from './kernels/training.js';
import { transformerKernels } from './kernels/transformer.js';
import { BufferPool } from './pool.js';

const nativeKernels = [
  ...convolutionKernels,
  ...matmulKernels,
  ...poolingKernels,
  ...elementwiseKernels,
  ...reductionKernels,
  ...splittingKernels,
  ...batchNormKernels,
  ...trainingKernels,
  ...transformerKernels,
];

let registered = false;

function register(): void {
  if (registered) return;
  registered = true;
  const { alignment } = loadAddon();
  registerBackend(backendName, () => new OnednnBackend(new BufferPool(alignment)));
  const replaced = new Set(nativeKernels.map(({ name }) => name));
  for (const config of getKernelsForBackend('cpu')) {
    const { kernelName } = config;
    if (replaced.has(kernelName)) continue;
    registerKernel({ ...config, backendName, kernelFunc: javascriptKernel(config.kernelFunc) });
  }
  for (const native of nativeKernels) {
    const original = getKernel(native.name, 'cpu') as ReturnType<typeof getKernel> | undefined;
    registerNative(native, original && javascriptKernel(original.kernelFunc));
  }
}

/**
 * Loads the addon and registers the backend and its kernels for `tf.setBackend('onednn')`. Call it again to change the
 * number of threads.
 * @param options.threads threads inside an operation, for this JavaScript thread: 1 for several workers side by side,
 *   the number of cores for a single run
 * @throws BackendError that says what is missing and what to install
 */
export async function loadOnednn({ threads }: { threads: number }): Promise<OnednnFacts> {
  const facts = describeOnednn({ threads });
  register();
  return facts;
}
