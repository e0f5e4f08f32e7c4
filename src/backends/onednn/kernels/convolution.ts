/** Convolution, its gradients, and convolution with bias and activation. */
import {
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  FusedConv2D,
  backend_util,
  util,
  type ExplicitPadding,
  type TensorInfo,
} from '../../tfjs.js';
import { ConvReluMaxPool } from '../../kernels.js';
import { activate, type Activation } from '../activation.js';
import { native } from '../addon.js';
import { geometry } from '../geometry.js';
import { kernel, type Call } from '../kernel.js';

type Shape4D = [number, number, number, number];

interface ConvAttrs {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The geometry of an NHWC convolution and its output shape; undefined for another layout or an empty tensor. */
function describe(inputShape: number[], filterShape: number[], attrs: ConvAttrs) {
  if (attrs.dataFormat === 'NCHW') return undefined;
  const info = backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  const numbers = geometry(info, [info.filterHeight, info.filterWidth]);
  return numbers && { numbers, outShape: info.outShape };
}

function forward(
  { inputs, attrs, backend }: Call<{ x: TensorInfo; filter: TensorInfo }, ConvAttrs>,
  bias: Float32Array | null,
  relu: boolean,
): TensorInfo | undefined {
  const x = backend.floats(inputs.x);
  const filter = backend.floats(inputs.filter);
  const shape = describe(inputs.x.shape, inputs.filter.shape, attrs);
  if (!x || !filter || !shape) return undefined;
  const { info, values } = backend.allocate(shape.outShape);
  native().conv2d(shape.numbers, x, filter, bias, relu, values);
  return info;
}

const conv2d = kernel<{ x: TensorInfo; filter: TensorInfo }, ConvAttrs>(Conv2D, (call) =>
  forward(call, null, false),
);

interface FusedInputs {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

const fusedConv2d = kernel<FusedInputs, ConvAttrs & Activation>(FusedConv2D, (call) => {
  const { inputs, attrs, backend } = call;
  const channels = inputs.filter.shape[3]!;
  const bias = inputs.bias ? backend.floats(inputs.bias) : null;
  if (bias === undefined || (bias && (bias.length !== channels || inputs.bias!.shape.length > 1))) {
    return undefined;
  }
  const out = forward(call, bias, attrs.activation === 'relu');
  return out && activate(backend, out, attrs, inputs.preluActivationWeights);
});

const reluMaxPool = kernel<
  { x: TensorInfo; filter: TensorInfo; bias: TensorInfo },
  ConvAttrs & { size: number }
>(ConvReluMaxPool, ({ inputs, attrs, backend }) => {
  const x = backend.floats(inputs.x);
  const filter = backend.floats(inputs.filter);
  const bias = backend.floats(inputs.bias);
  const shape = describe(inputs.x.shape, inputs.filter.shape, attrs);
  if (!x || !filter || !bias || !shape) return undefined;
  const [n, h, w, c] = shape.outShape;
  const pooled = [n, Math.floor(h / attrs.size), Math.floor(w / attrs.size), c];
  const y = backend.allocate(pooled);
  const where = backend.allocateBytes(pooled);
  native().conv2dReluMaxPool(shape.numbers, attrs.size, x, filter, bias, y.values, where.bytes);
  return [y.info, where.info];
});

const inputGradient = kernel<{ dy: TensorInfo; filter: TensorInfo }, ConvAttrs & { inputShape: number[] }>(
  Conv2DBackpropInput,
  ({ inputs, attrs, backend }) => {
    const dy = backend.floats(inputs.dy);
    const filter = backend.floats(inputs.filter);
    const shape = describe(attrs.inputShape, inputs.filter.shape, attrs);
    if (!dy || !filter || !shape || !util.arraysEqual(inputs.dy.shape, shape.outShape)) return undefined;
    const { info, values } = backend.allocate(attrs.inputShape);
    native().conv2dInputGradient(shape.numbers, dy, filter, values);
    return info;
  },
);

const filterGradient = kernel<{ x: TensorInfo; dy: TensorInfo }, ConvAttrs & { filterShape: number[] }>(
  Conv2DBackpropFilter,
  ({ inputs, attrs, backend }) => {
    const x = backend.floats(inputs.x);
    const dy = backend.floats(inputs.dy);
    const shape = describe(inputs.x.shape, attrs.filterShape, attrs);
    if (!x || !dy || !shape || !util.arraysEqual(inputs.dy.shape, shape.outShape)) return undefined;
    const { info, values } = backend.allocate(attrs.filterShape);
    native().conv2dFilterGradient(shape.numbers, x, dy, values);
    return info;
  },
);

export const convolutionKernels = [conv2d, fusedConv2d, reluMaxPool, inputGradient, filterGradient];
