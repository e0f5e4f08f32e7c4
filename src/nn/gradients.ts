/**
 * The gradients of the tfjs operations that networks here are made of. The build of tfjs-core that Node can load
 * registers none. The union package registers all, but it takes a quarter of a second and brings a second tfjs-core,
 * Keras layers, converters and WebGL. These are the same operations in the same order as tfjs's own, so that the
 * numbers are the same to the bit; a test compares them. tfjs refuses a network with an operation that has none.
 *
 * https://github.com/tensorflow/tfjs/tree/master/tfjs-core/src/gradients
 */
import {
  Add,
  BatchMatMul,
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  MaxPool,
  MaxPoolGrad,
  Mean,
  Multiply,
  PadV2,
  Reshape,
  SplitV,
  broadcast_util,
  concat,
  div,
  matMul,
  mul,
  ones,
  registerGradient,
  reshape,
  slice,
  sum,
  util,
  type GradConfig,
  type NamedAttrMap,
  type Tensor,
} from '../backends/tfjs.js';
import { runKernel } from '../backends/kernels.js';

/** The gradient of an operand that was repeated along axes: its sum over them. */
function unrepeated(gradient: Tensor, operand: Tensor): Tensor {
  const axes = broadcast_util.getReductionAxes(operand.shape, gradient.shape);
  return axes.length > 0 ? reshape(sum(gradient, axes), operand.shape) : gradient;
}

/** Products of two matrices (or stacks) whose gradients are dy b' and a' dy, whatever was transposed. */
function productGradient(dy: Tensor, [a, b]: readonly [Tensor, Tensor], attrs: NamedAttrMap) {
  const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
  return {
    a: () => (transposeA ? matMul(b, dy, transposeB, true) : matMul(dy, b, false, !transposeB)),
    b: () => (transposeB ? matMul(dy, a, true, transposeA) : matMul(a, dy, !transposeA, false)),
  };
}

/** Each element's share of the mean's gradient. */
function meanGradient(dy: Tensor, x: Tensor, axis: number | number[]): Tensor {
  const axes = util.parseAxisParam(axis, x.shape);
  const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const count = axes.reduce((product, i) => product * x.shape[i]!, 1);
  return div(mul(reshape(dy, kept), ones(x.shape, 'float32')), count);
}

function convolutionGradient(dy: Tensor, [x, filter]: readonly [Tensor, Tensor], attrs: NamedAttrMap) {
  const { strides, pad, dataFormat, dimRoundingMode } = attrs;
  const shared = { strides: strides!, pad: pad!, dataFormat: dataFormat!, dimRoundingMode: dimRoundingMode! };
  return {
    x: () => runKernel(Conv2DBackpropInput, { dy, filter }, { ...shared, inputShape: x.shape })[0]!,
    filter: () => runKernel(Conv2DBackpropFilter, { x, dy }, { ...shared, filterShape: filter.shape })[0]!,
  };
}

const both = ['a', 'b'];

const gradients: readonly GradConfig[] = [
  {
    kernelName: Add,
    inputsToSave: both,
    gradFunc(dy, saved) {
      const [a, b] = saved as [Tensor, Tensor];
      const of = (operand: Tensor) => () => reshape(unrepeated(dy as Tensor, operand), operand.shape);
      return { a: of(a), b: of(b) };
    },
  },
  {
    kernelName: Multiply,
    inputsToSave: both,
    gradFunc(dy, saved) {
      const [a, b] = saved as [Tensor, Tensor];
      const of = (operand: Tensor, other: Tensor) => () => unrepeated(mul(dy as Tensor, other), operand);
      return { a: of(a, b), b: of(b, a) };
    },
  },
  {
    kernelName: BatchMatMul,
    inputsToSave: both,
    gradFunc: (dy, saved, attrs) => productGradient(dy as Tensor, saved as [Tensor, Tensor], attrs),
  },
  {
    kernelName: Conv2D,
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, saved, attrs) => convolutionGradient(dy as Tensor, saved as [Tensor, Tensor], attrs),
  },
  {
    kernelName: MaxPool,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc(dy, saved, attrs) {
      const [x, y] = saved as [Tensor, Tensor];
      const inputs = { dy: dy as Tensor, input: x, output: y };
      return { x: () => runKernel(MaxPoolGrad, inputs, { ...attrs })[0]! };
    },
  },
  {
    kernelName: Mean,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], { axis }) => ({ x: () => meanGradient(dy as Tensor, x!, axis as number | number[]) }),
  },
  {
    kernelName: PadV2,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], { paddings }) => {
      const begin = (paddings as unknown as [number, number][]).map(([before]) => before);
      return { x: () => slice(dy as Tensor, begin, x!.shape) };
    },
  },
  {
    kernelName: Reshape,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => reshape(dy as Tensor, x!.shape) }),
  },
  {
    kernelName: SplitV,
    gradFunc: (dy, _saved, { axis }) => ({ x: () => concat(dy as Tensor[], axis as number) }),
  },
];

for (const gradient of gradients) registerGradient(gradient);
