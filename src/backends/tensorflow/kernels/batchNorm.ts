/** Batch normalisation in training by TensorFlow's fused operations, with the residual sum and the ReLU around them. */
import { mul, reshape, tensor1d, tidy, type Tensor, type TensorInfo } from '../../tfjs.js';
import { BatchNormTrain, BatchNormTrainGrad } from '../../kernels.js';
import { alias, float32, op, register, type TensorflowBackend } from './ops.js';

const shared = (epsilon: number) => ({
  T: float32,
  U: float32,
  epsilon: { float: epsilon },
  data_format: 'NHWC',
  is_training: { bool: true },
});

/** The operations take images [b, h, w, c] only. */
const asImages = (x: TensorInfo): Tensor =>
  x.shape.length === 4 ? (x as Tensor) : reshape(x as Tensor, [-1, 1, 1, x.shape.at(-1)!]);

interface TrainInputs {
  readonly x: TensorInfo;
  readonly scale: TensorInfo;
  readonly offset: TensorInfo;
  readonly residual?: TensorInfo;
}

/**
 * Besides the contract's results it gives what TensorFlow keeps for its gradient. That is not the same on every device:
 * the variance on a CPU, its inverse root on a GPU.
 */
function train(
  backend: TensorflowBackend,
  { x, scale, offset, residual }: TrainInputs,
  { epsilon, relu }: { epsilon: number; relu: boolean },
): Tensor[] {
  const n = x.shape.reduce((product, size) => product * size, 1) / scale.shape[0]!;
  // Running statistics, which TensorFlow would update here: we have none.
  const none = tensor1d([], 'float32');
  const [normalized, mean, unbiased, ...kept] = op(
    backend,
    'FusedBatchNormV3',
    { ...shared(epsilon), exponential_avg_factor: { float: 1 } },
    [asImages(x), scale, offset, none, none],
    6,
  );
  let y = x.shape.length === 4 ? normalized! : reshape(normalized!, x.shape);
  if (residual) y = op(backend, 'AddV2', { T: float32 }, [y, residual])[0]!;
  if (relu) y = op(backend, 'Relu', { T: float32 }, [y])[0]!;
  return [y, mean!, mul(unbiased!, Math.max(n - 1, 1) / n), ...kept];
}

interface GradientInputs {
  readonly dy: TensorInfo;
  readonly x: TensorInfo;
  readonly y: TensorInfo;
  readonly scale: TensorInfo;
  readonly kept0: TensorInfo;
  readonly kept1: TensorInfo;
  readonly kept2: TensorInfo;
}

function gradient(
  backend: TensorflowBackend,
  { dy, x, y, scale, kept0, kept1, kept2 }: GradientInputs,
  { epsilon, relu, residual }: { epsilon: number; relu: boolean; residual: boolean },
): TensorInfo[] {
  const dz = relu ? op(backend, 'ReluGrad', { T: float32 }, [dy, y])[0]! : dy;
  const [dx, dscale, doffset] = op(
    backend,
    'FusedBatchNormGradV3',
    shared(epsilon),
    [asImages(dz), asImages(x), scale, kept0, kept1, kept2],
    5,
  );
  const out = [x.shape.length === 4 ? dx! : reshape(dx!, x.shape), dscale!, doffset!];
  return residual ? [...out, relu ? dz : alias(backend, dy)] : out;
}

/** Runs a kernel within a tidy: of its tensors only the results stay. */
const tidied = <T>(compute: () => T): T => tidy(() => compute() as never);

export function registerBatchNorm(): void {
  register<TrainInputs, { epsilon: number; relu: boolean }>(BatchNormTrain, ({ inputs, attrs, backend }) =>
    tidied(() => train(backend, inputs, attrs)),
  );
  register<GradientInputs, { epsilon: number; relu: boolean; residual: boolean }>(
    BatchNormTrainGrad,
    ({ inputs, attrs, backend }) => tidied(() => gradient(backend, inputs, attrs)),
  );
}
