/** ReLU and + - * / on float32 tensors, and reshapes, which only rename. */
import {
  Add,
  ExpandDims,
  Identity,
  Multiply,
  RealDiv,
  Relu,
  Reshape,
  Sub,
  util,
  type TensorInfo,
} from '../../tfjs.js';
import { BiasReluGrad, ReluGrad } from '../../kernels.js';
import { native } from '../addon.js';
import { broadcast } from '../broadcast.js';
import { kernel } from '../kernel.js';

const binary = (name: string, operation: number) =>
  kernel<{ a: TensorInfo; b: TensorInfo }, object>(name, ({ inputs, backend }) => {
    const a = backend.floats(inputs.a);
    const b = backend.floats(inputs.b);
    const shape = a && b && broadcast(inputs.a.shape, inputs.b.shape);
    if (!shape) return undefined;
    const { info, values } = backend.allocate(shape.shape);
    native().binary(operation, ...shape.sizes, shape.repeatA, shape.repeatB, a, b, values);
    return info;
  });

const relu = kernel<{ x: TensorInfo }, object>(Relu, ({ inputs, backend }) => {
  const x = backend.floats(inputs.x);
  if (!x) return undefined;
  const { info, values } = backend.allocate(inputs.x.shape);
  native().relu(x, values);
  return info;
});

const reluGradient = kernel<{ dy: TensorInfo; y: TensorInfo }, object>(ReluGrad, ({ inputs, backend }) => {
  const dy = backend.floats(inputs.dy);
  const y = backend.floats(inputs.y);
  if (!dy || !y || dy.length !== y.length) return undefined;
  const { info, values } = backend.allocate(inputs.dy.shape);
  native().reluGradient(dy, y, values);
  return info;
});

const biasReluGradient = kernel<{ dy: TensorInfo; y: TensorInfo }, { relu: boolean }>(
  BiasReluGrad,
  ({ inputs, attrs, backend }) => {
    const dy = backend.floats(inputs.dy);
    const y = backend.floats(inputs.y);
    const columns = inputs.y.shape.at(-1);
    if (!dy || !y || !columns || dy.length !== y.length) return undefined;
    const dbias = backend.allocate([columns]);
    // Without ReLU the gradient passes unchanged, and is not copied.
    const dz = attrs.relu ? backend.allocate(inputs.dy.shape) : undefined;
    const rows = y.length / columns;
    native().biasReluGradient(rows, columns, attrs.relu, dy, y, dz?.values ?? dy, dbias.values);
    return [dz?.info ?? backend.alias(inputs.dy, inputs.dy.shape), dbias.info];
  },
);

const reshape = kernel<{ x: TensorInfo }, { shape: number[] }>(Reshape, ({ inputs, attrs, backend }) => {
  const { x } = inputs;
  const shape = util.inferFromImplicitShape(attrs.shape, util.sizeFromShape(x.shape));
  if (x.dtype !== 'float32' || util.sizeFromShape(shape) !== util.sizeFromShape(x.shape)) return undefined;
  return backend.alias(x, shape);
});

const identity = kernel<{ x: TensorInfo }, object>(Identity, ({ inputs, backend }) =>
  backend.alias(inputs.x, inputs.x.shape),
);

const expandDims = kernel<{ input: TensorInfo }, { dim: number }>(
  ExpandDims,
  ({ inputs, attrs, backend }) => {
    const { shape, dtype } = inputs.input;
    const at = attrs.dim < 0 ? attrs.dim + shape.length + 1 : attrs.dim;
    if (dtype !== 'float32' || at < 0 || at > shape.length) return undefined;
    return backend.alias(inputs.input, [...shape.slice(0, at), 1, ...shape.slice(at)]);
  },
);

export const elementwiseKernels = [
  binary(Add, 0),
  binary(Sub, 1),
  binary(Multiply, 2),
  binary(RealDiv, 3),
  relu,
  reluGradient,
  biasReluGradient,
  reshape,
  identity,
  expandDims,
];
