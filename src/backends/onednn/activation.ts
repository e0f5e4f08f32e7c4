/** The activations of tfjs's fused kernels. The native kernels apply ReLU themselves. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OnednnBackend } from './backend.js';
import { callKernel } from './kernel.js';

export interface Activation {
  readonly activation?: 'linear' | 'relu' | 'relu6' | 'elu' | 'prelu' | 'leakyrelu' | 'sigmoid';
  readonly leakyreluAlpha?: number;
}

function apply(
  backend: OnednnBackend,
  x: TensorInfo,
  { activation, leakyreluAlpha }: Activation,
  alpha: TensorInfo | undefined,
): TensorInfo {
  if (activation === 'relu6') return callKernel('Relu6', backend, { x });
  if (activation === 'elu') return callKernel('Elu', backend, { x });
  if (activation === 'sigmoid') return callKernel('Sigmoid', backend, { x });
  if (activation === 'prelu' && alpha) return callKernel('Prelu', backend, { x, alpha });
  if (activation === 'leakyrelu') {
    return callKernel('LeakyRelu', backend, { x }, { alpha: leakyreluAlpha ?? 0.2 });
  }
  throw new Error(`The activation ${activation} is not known to the onednn backend.`);
}

/** Applies the activation to `x` and disposes of `x`. ReLU has been applied already. */
export function activate(
  backend: OnednnBackend,
  x: TensorInfo,
  attrs: Activation,
  alpha?: TensorInfo,
): TensorInfo {
  const { activation } = attrs;
  if (activation === undefined || activation === 'linear' || activation === 'relu') return x;
  const out = apply(backend, x, attrs, alpha);
  backend.disposeIntermediateTensorInfo(x);
  return out;
}
