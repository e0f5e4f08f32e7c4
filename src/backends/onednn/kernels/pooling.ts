/** Max and average pooling over NHWC images, and their gradients. */
import {
  AvgPool,
  AvgPoolGrad,
  MaxPool,
  MaxPoolGrad,
  backend_util,
  util,
  type ExplicitPadding,
  type TensorInfo,
} from '../../tfjs.js';
import { MaxPoolReluBiasGrad } from '../../kernels.js';
import { native } from '../addon.js';
import { geometry } from '../geometry.js';
import { kernel } from '../kernel.js';

interface PoolAttrs {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function describe(shape: number[], attrs: PoolAttrs) {
  if (shape.length !== 4) return undefined;
  const info = backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    attrs.filterSize,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  // tfjs takes a window of one that keeps the shape for the identity, whatever its strides and padding.
  if (info.filterHeight * info.filterWidth === 1 && util.arraysEqual(info.inShape, info.outShape))
    return undefined;
  const numbers = geometry(info, [info.filterHeight, info.filterWidth]);
  return numbers && { numbers, outShape: info.outShape };
}

const forward = (name: typeof MaxPool | typeof AvgPool, run: 'maxPool' | 'avgPool') =>
  kernel<{ x: TensorInfo }, PoolAttrs>(name, ({ inputs, attrs, backend }) => {
    const x = backend.floats(inputs.x);
    const shape = describe(inputs.x.shape, attrs);
    if (!x || !shape) return undefined;
    const { info, values } = backend.allocate(shape.outShape);
    native()[run](shape.numbers, x, values);
    return info;
  });

const maxPoolGradient = kernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttrs>(
  MaxPoolGrad,
  ({ inputs, attrs, backend }) => {
    const dy = backend.floats(inputs.dy);
    const x = backend.floats(inputs.input);
    const shape = describe(inputs.input.shape, attrs);
    if (!dy || !x || !shape || !util.arraysEqual(inputs.dy.shape, shape.outShape)) return undefined;
    const { info, values } = backend.allocate(inputs.input.shape);
    native().maxPoolGradient(shape.numbers, dy, x, values);
    return info;
  },
);

const avgPoolGradient = kernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttrs>(
  AvgPoolGrad,
  ({ inputs, attrs, backend }) => {
    const dy = backend.floats(inputs.dy);
    const shape = describe(inputs.input.shape, attrs);
    if (!dy || !shape || !util.arraysEqual(inputs.dy.shape, shape.outShape)) return undefined;
    const { info, values } = backend.allocate(inputs.input.shape);
    native().avgPoolGradient(shape.numbers, dy, values);
    return info;
  },
);

const unpool = kernel<
  { dy: TensorInfo; where: TensorInfo },
  { size: number; shape: [number, number, number, number] }
>(MaxPoolReluBiasGrad, ({ inputs, attrs, backend }) => {
  const dy = backend.floats(inputs.dy);
  const where = backend.data.get(inputs.where.dataId).values;
  if (!dy || !(where instanceof Uint8Array)) return undefined;
  const [n, h, w, c] = attrs.shape;
  const dz = backend.allocate(attrs.shape);
  const dbias = backend.allocate([c]);
  native().unpool(n, h, w, c, attrs.size, dy, where, dz.values, dbias.values);
  return [dz.info, dbias.info];
});

export const poolingKernels = [
  unpool,
  forward(MaxPool, 'maxPool'),
  forward(AvgPool, 'avgPool'),
  maxPoolGradient,
  avgPoolGradient,
];
