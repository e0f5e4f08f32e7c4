/** Concatenation, copies, and splitting a tensor into parts without a copy. */
import { Concat, SplitV, backend_util, util, type TensorInfo } from '../../tfjs.js';
import { interleave } from '../interleave.js';
import { kernel } from '../kernel.js';
import { runKernel } from '../recorder.js';

const concat = kernel<TensorInfo[], { axis: number }>(Concat, ({ inputs, attrs, backend }) => {
  const arrays = inputs.map((input) => backend.floats(input));
  const [first] = inputs;
  if (!first || inputs.length === 1 || arrays.some((array) => !array || array.length === 0)) return undefined;
  const axis = util.parseAxisParam(attrs.axis, first.shape)[0]!;
  const shapes = inputs.map((input) => input.shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const { info, values } = backend.allocate(backend_util.computeOutShape(shapes, axis));
  const runs = shapes.map((shape) => util.sizeFromShape(shape.slice(axis)));
  const outer = util.sizeFromShape(first.shape.slice(0, axis));
  runKernel(interleave, values, outer, runs, ...(arrays as Float32Array[]));
  return info;
});

const splitV = kernel<{ x: TensorInfo }, { numOrSizeSplits: number | number[]; axis: number }>(
  SplitV,
  ({ inputs, attrs, backend }) => {
    const x = backend.floats(inputs.x);
    const { shape } = inputs.x;
    const axis = util.parseAxisParam(attrs.axis, shape)[0]!;
    if (!x || util.sizeFromShape(shape.slice(0, axis)) !== 1) return undefined;
    const sizes = backend_util.prepareSplitSize(inputs.x, attrs.numOrSizeSplits, axis);
    const stride = util.sizeFromShape(shape.slice(axis + 1));
    let at = 0;
    return sizes.map((size) => {
      const run = x.subarray(at, (at += size * stride));
      return backend.part(inputs.x, run, [...shape.slice(0, axis), size, ...shape.slice(axis + 1)]);
    });
  },
);

export const splittingKernels = [concat, splitV];
