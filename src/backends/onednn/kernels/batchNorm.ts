/** Batch normalisation: the fused training kernels of backends/kernels.ts, and tfjs's own for inference. */
import { FusedBatchNorm, util, type TensorInfo } from '../../tfjs.js';
import { BatchNormTrain, BatchNormTrainGrad } from '../../kernels.js';
import { native } from '../addon.js';
import type { OnednnBackend } from '../backend.js';
import { kernel } from '../kernel.js';

/** Rows and channels of x [..., c]; undefined if empty. */
function matrix({ shape }: TensorInfo): { rows: number; channels: number } | undefined {
  const channels = shape.at(-1) ?? 0;
  const size = util.sizeFromShape(shape);
  return size > 0 ? { rows: size / channels, channels } : undefined;
}

/** The values of tensors if each is float32 and has so many elements, else undefined. */
function arrays(
  backend: OnednnBackend,
  tensors: readonly TensorInfo[],
  length: number,
): Float32Array[] | undefined {
  const values = tensors.map((tensor) => backend.floats(tensor));
  return values.every((array) => array?.length === length) ? (values as Float32Array[]) : undefined;
}

interface TrainInputs {
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly offset: TensorInfo;
  readonly residual?: TensorInfo;
}

const train = kernel<TrainInputs, { epsilon: number; relu: boolean }>(
  BatchNormTrain,
  ({ inputs, attrs, backend }) => {
    const { x, residual } = inputs;
    const size = matrix(x);
    if (!size) return undefined;
    const { rows, channels } = size;
    const vectors = arrays(backend, [inputs.scale, inputs.offset], channels);
    const images = arrays(backend, residual ? [x, residual] : [x], rows * channels);
    if (!vectors || !images) return undefined;
    const y = backend.allocate(x.shape);
    const mean = backend.allocate([channels]);
    const variance = backend.allocate([channels]);
    native().batchNormTrain(
      rows,
      channels,
      attrs.epsilon,
      attrs.relu,
      images[0]!,
      vectors[0]!,
      vectors[1]!,
      images[1] ?? null,
      y.values,
      mean.values,
      variance.values,
    );
    return [y.info, mean.info, variance.info];
  },
);

interface GradientInputs {
  readonly dy: TensorInfo;
  readonly x: TensorInfo;
  readonly y: TensorInfo;
  readonly scale: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
}

const trainGradient = kernel<GradientInputs, { epsilon: number; relu: boolean; residual: boolean }>(
  BatchNormTrainGrad,
  ({ inputs, attrs, backend }) => {
    const size = matrix(inputs.x);
    if (!size) return undefined;
    const { rows, channels } = size;
    const vectors = arrays(backend, [inputs.scale, inputs.mean, inputs.variance], channels);
    const images = arrays(backend, [inputs.dy, inputs.x, inputs.y], rows * channels);
    if (!vectors || !images) return undefined;
    const dx = backend.allocate(inputs.x.shape);
    const dscale = backend.allocate([channels]);
    const doffset = backend.allocate([channels]);
    // Without ReLU, the residual's gradient is dy itself.
    const dresidual = attrs.residual && attrs.relu ? backend.allocate(inputs.x.shape) : undefined;
    native().batchNormTrainGradient(
      rows,
      channels,
      attrs.epsilon,
      images[0]!,
      images[1]!,
      attrs.relu ? images[2]! : null,
      vectors[0]!,
      vectors[1]!,
      vectors[2]!,
      dx.values,
      dscale.values,
      doffset.values,
      dresidual?.values ?? null,
    );
    const out = [dx.info, dscale.info, doffset.info];
    if (!attrs.residual) return out;
    return [...out, dresidual?.info ?? backend.alias(inputs.dy, inputs.x.shape)];
  },
);

interface InferenceInputs {
  readonly x: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly scale?: TensorInfo;
  readonly offset?: TensorInfo;
}

const inference = kernel<InferenceInputs, { varianceEpsilon?: number }>(
  FusedBatchNorm,
  ({ inputs, attrs, backend }) => {
    const size = matrix(inputs.x);
    const x = backend.floats(inputs.x);
    if (!size || !x) return undefined;
    const { rows, channels } = size;
    const given = [inputs.mean, inputs.variance, inputs.scale, inputs.offset].filter((t) => t !== undefined);
    // Only shape [c]: the JavaScript kernel does an [n, h, w, c] of the same length.
    if (given.some((t) => t.shape.length !== 1) || !arrays(backend, given, channels)) return undefined;
    const optional = (t: TensorInfo | undefined) => (t ? backend.floats(t)! : null);
    const { info, values } = backend.allocate(inputs.x.shape);
    native().batchNormInference(
      rows,
      channels,
      attrs.varianceEpsilon ?? 0.001,
      x,
      backend.floats(inputs.mean)!,
      backend.floats(inputs.variance)!,
      optional(inputs.scale),
      optional(inputs.offset),
      values,
    );
    return info;
  },
);

export const batchNormKernels = [train, trainGradient, inference];
