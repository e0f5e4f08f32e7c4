/** Sums and means over neighbouring axes. */
import { Mean, Sum, backend_util, util, type TensorInfo } from '../../tfjs.js';
import { native } from '../addon.js';
import { kernel } from '../kernel.js';

interface ReduceAttrs {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

const reduce = (name: typeof Sum | typeof Mean) =>
  kernel<{ x: TensorInfo }, ReduceAttrs>(name, ({ inputs, attrs, backend }) => {
    const x = backend.floats(inputs.x);
    const { shape } = inputs.x;
    const axes = util.parseAxisParam(attrs.axis, shape).sort((a, b) => a - b);
    const first = axes[0] ?? 0;
    const neighbours = axes.every((axis, i) => axis === first + i);
    if (!x || x.length === 0 || axes.length === 0 || !neighbours) return undefined;
    const end = first + axes.length;
    const middle = util.sizeFromShape(shape.slice(first, end));
    const kept = [...shape.slice(0, first), ...shape.slice(end)];
    const outShape = attrs.keepDims ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
    const { info, values } = backend.allocate(outShape);
    const outer = util.sizeFromShape(shape.slice(0, first));
    const inner = util.sizeFromShape(shape.slice(end));
    native().sum(outer, middle, inner, name === Mean ? 1 / middle : 1, x, values);
    return info;
  });

export const reductionKernels = [reduce(Sum), reduce(Mean)];
