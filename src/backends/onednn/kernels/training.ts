/** The loss with its gradient, and the optimizers' updates: the fused kernels of backends/kernels.ts. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { AdamStep, SgdStep, SoftmaxCrossEntropy } from '../../kernels.js';
import { native } from '../addon.js';
import type { OnednnBackend } from '../backend.js';
import { kernel } from '../kernel.js';

const crossEntropy = kernel<{ logits: TensorInfo; labels: TensorInfo }, object>(
  SoftmaxCrossEntropy,
  ({ inputs, backend }) => {
    const logits = backend.floats(inputs.logits);
    const labels = backend.data.get(inputs.labels.dataId).values;
    const [rows, classes] = inputs.logits.shape as [number, number];
    if (!logits || !(labels instanceof Int32Array) || labels.length !== rows) return undefined;
    const loss = backend.allocate([]);
    const dlogits = backend.allocate(inputs.logits.shape);
    native().softmaxCrossEntropy(rows, classes, logits, labels, loss.values, dlogits.values);
    return [loss.info, dlogits.info];
  },
);

/** The vectors of an update, all as long as theta; `mask` may be absent. */
function vectors(
  backend: OnednnBackend,
  tensors: readonly TensorInfo[],
  mask: TensorInfo | undefined,
): { values: Float32Array[]; mask: Float32Array | null } | undefined {
  const values = tensors.map((tensor) => backend.floats(tensor));
  const masked = mask ? backend.floats(mask) : null;
  const length = values[0]?.length;
  const fit = [...values, ...(mask ? [masked] : [])].every((array) => array?.length === length);
  return fit && masked !== undefined ? { values: values as Float32Array[], mask: masked } : undefined;
}

/**
 * The vector's successor: the vector itself if it is no longer needed and nobody else sees its memory, else a new one.
 */
const successor = (backend: OnednnBackend, vector: TensorInfo, reuse: boolean | undefined) =>
  reuse && backend.owns(vector)
    ? { info: backend.alias(vector, vector.shape), values: backend.floats(vector)! }
    : backend.allocate(vector.shape);

interface AdamInputs {
  readonly theta: TensorInfo;
  readonly gradient: TensorInfo;
  readonly m: TensorInfo;
  readonly v: TensorInfo;
  readonly mask?: TensorInfo;
}

type AdamAttrs = Record<
  'beta1' | 'beta2' | 'bias1' | 'bias2' | 'stepSize' | 'epsilon' | 'l2' | 'decay',
  number
> & { readonly reuse?: boolean };

const adam = kernel<AdamInputs, AdamAttrs>(AdamStep, ({ inputs, attrs, backend }) => {
  const given = vectors(backend, [inputs.theta, inputs.gradient, inputs.m, inputs.v], inputs.mask);
  if (!given) return undefined;
  const [theta, gradient, m, v] = given.values as [Float32Array, Float32Array, Float32Array, Float32Array];
  const outs = [inputs.theta, inputs.m, inputs.v].map((tensor) => successor(backend, tensor, attrs.reuse));
  const { beta1, beta2, bias1, bias2, stepSize, epsilon, l2, decay } = attrs;
  native().adamStep(
    theta.length,
    beta1,
    beta2,
    bias1,
    bias2,
    stepSize,
    epsilon,
    l2,
    decay,
    theta,
    gradient,
    m,
    v,
    given.mask,
    outs[0]!.values,
    outs[1]!.values,
    outs[2]!.values,
  );
  return outs.map(({ info }) => info);
});

interface SgdInputs {
  readonly theta: TensorInfo;
  readonly gradient: TensorInfo;
  readonly m: TensorInfo;
  readonly mask?: TensorInfo;
}

type SgdAttrs = Record<'momentum' | 'gradientScale' | 'momentumScale' | 'l2' | 'decay', number> & {
  readonly reuse?: boolean;
};

const sgd = kernel<SgdInputs, SgdAttrs>(SgdStep, ({ inputs, attrs, backend }) => {
  const given = vectors(backend, [inputs.theta, inputs.gradient, inputs.m], inputs.mask);
  if (!given) return undefined;
  const [theta, gradient, m] = given.values as [Float32Array, Float32Array, Float32Array];
  const outs = [inputs.theta, inputs.m].map((tensor) => successor(backend, tensor, attrs.reuse));
  const { momentum, gradientScale, momentumScale, l2, decay } = attrs;
  native().sgdStep(
    theta.length,
    momentum,
    gradientScale,
    momentumScale,
    l2,
    decay,
    theta,
    gradient,
    m,
    given.mask,
    outs[0]!.values,
    outs[1]!.values,
  );
  return outs.map(({ info }) => info);
});

export const trainingKernels = [crossEntropy, adam, sgd];
