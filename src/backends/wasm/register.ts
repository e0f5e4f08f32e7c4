/** The training kernels for tfjs's wasm backend: they replace slow ones of its own, or add missing ones. */
import {
  _FusedMatMul,
  BatchMatMul,
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  getKernel,
  registerKernel,
  Transpose,
  unregisterKernel,
  type _FusedMatMulAttrs,
  type KernelFunc,
} from '../tfjs.js';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { conv2DBackpropFilter } from './convFilterGrad.js';
import { conv2DBackpropInput } from './convInputGrad.js';
import { keepOriginal, release, runOriginal, type Block } from './heap.js';
import { batchMatMul } from './matMul.js';

/** Swaps the last two axes of a stack of matrices; leading axes stay. */
const swapLast = (backend: BackendWasm, x: Block): Block => {
  const axes = x.shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
  return runOriginal(backend, Transpose, { x }, { perm });
};

/** Kernel _FusedMatMul: transposed operands are transposed first, then tfjs's kernel runs with bias and activation. */
function fusedMatMul(args: {
  inputs: { a: Block; b: Block };
  attrs: _FusedMatMulAttrs;
  backend: BackendWasm;
}): Block {
  const { inputs, attrs, backend } = args;
  const { transposeA, transposeB } = attrs;
  const a = transposeA ? swapLast(backend, inputs.a) : inputs.a;
  const b = transposeB ? swapLast(backend, inputs.b) : inputs.b;
  const out = runOriginal(
    backend,
    _FusedMatMul,
    { ...inputs, a, b },
    { ...attrs, transposeA: false, transposeB: false },
  );
  if (transposeA) release(backend, a);
  if (transposeB) release(backend, b);
  return out;
}

/** Our kernels by tfjs's names. The casts give each the types of its kernel in place of tfjs's common ones. */
const kernels: Record<string, KernelFunc> = {
  [BatchMatMul]: batchMatMul as unknown as KernelFunc,
  [_FusedMatMul]: fusedMatMul as unknown as KernelFunc,
  [Conv2DBackpropInput]: conv2DBackpropInput as unknown as KernelFunc,
  [Conv2DBackpropFilter]: conv2DBackpropFilter as unknown as KernelFunc,
};

let registered = false;

/**
 * Registers the training kernels; a second call does nothing. Import tfjs-backend-wasm first: it registers its own
 * kernels. The backend may be initialised before or after.
 */
export function registerWasmTrainingKernels(): void {
  if (registered) return;
  registered = true;
  for (const name of [Conv2D, Transpose]) keepOriginal(name);
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const own = getKernel(kernelName, 'wasm');
    if (own != null) {
      keepOriginal(kernelName);
      unregisterKernel(kernelName, 'wasm');
    }
    // The setup of the original binds its native function; our kernels that fall back on it need that.
    const setupFunc = own?.setupFunc;
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc, ...(setupFunc ? { setupFunc } : {}) });
  }
}
