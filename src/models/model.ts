/**
 * A model is a pure function of one flat parameter vector.
 *
 * `theta` holds every parameter end to end, `state` every running statistic; `apply` splits them with one
 * operation each, so that the gradient of the loss is one flat vector and an optimizer is arithmetic on vectors.
 */
import {
  add,
  concat,
  mul,
  reshape,
  split,
  tidy,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '../backends/tfjs.js';
import {
  sizeOf,
  type Layer,
  type LayerOf,
  type Observed,
  type ParamSpec,
  type Pass,
  type StateSpec,
} from '../nn/layer.js';
import type { Tokens } from '../data/dataset.js';
import { stream } from '../random/stream.js';

/** Share of the newest batch in the running statistics (PyTorch's `momentum`). */
const observationRate = 0.1;

/** What a model reads, and how many classes it tells apart. Tokens lie in the width of an image with one row. */
export interface InputShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
  /** Absent: pixels. */
  readonly tokens?: Tokens | undefined;
}

export interface Model {
  /** Every parameter in theta's order. */
  readonly params: readonly ParamSpec[];
  /** Every vector of running statistics, in their order. */
  readonly statistics: readonly StateSpec[];
  /** Length of theta. */
  readonly parameterCount: number;
  /** Length of the running-statistics vector. */
  readonly stateCount: number;
  /** Most values that one image has between two layers. */
  readonly largestActivation: number;
  /** Initial theta: each parameter from its own stream of `seed`. */
  initialTheta(seed: number): Float32Array;
  initialState(): Float32Array;
  /** How many uniform numbers a training pass of a batch draws from its stream. */
  draws(batch: number): number;
  /** x [b, h, w, c] -> logits [b, classes]. `state` is read in evaluation only. */
  apply(theta: Tensor1D, state: Tensor1D, x: Tensor4D, pass: Pass): Tensor2D;
  /** Running statistics after one more batch; `seen` (in layer order) is disposed of. */
  observe(state: Tensor1D, seen: readonly Observed[]): Tensor1D;
}

/** The model that a network of layers is, for images of a shape. */
export function modelOf(network: LayerOf, shape: InputShape): Model {
  const layer: Layer = network([shape.height, shape.width, shape.channels]);
  const { params, state: stateSpecs } = layer;
  const sizes = params.map((param) => sizeOf(param.shape));
  const stateSizes = stateSpecs.map((spec) => spec.size);
  const parameterCount = sizes.reduce((sum, n) => sum + n, 0);
  const stateCount = stateSizes.reduce((sum, n) => sum + n, 0);
  if (layer.output.length !== 1 || layer.output[0] !== shape.classes) {
    throw new Error(`The network ends in [${layer.output.join(', ')}], not in ${shape.classes} logits.`);
  }
  return {
    params,
    statistics: stateSpecs,
    parameterCount,
    stateCount,
    largestActivation: layer.largest ?? sizeOf(layer.output),
    initialTheta: (seed) =>
      fill(params, sizes, parameterCount, (param, i) => initialValues(param, sizes[i]!, seed)),
    initialState: () =>
      fill(stateSpecs, stateSizes, stateCount, (spec) => new Float32Array(spec.size).fill(spec.initial)),
    draws: (batch) => layer.draws?.(batch) ?? 0,
    apply: (theta, state, x, pass) => {
      const pieces = split(theta, sizes).map((piece, i) => reshape(piece, [...params[i]!.shape]));
      const statistics = pass.training || stateCount === 0 ? [] : (split(state, stateSizes) as Tensor1D[]);
      return layer.apply(pieces, statistics, x, pass) as Tensor2D;
    },
    observe: (state, seen) => {
      const next = tidy(() => {
        if (seen.length === 0) return state.clone();
        const now = concat(seen.flatMap(({ mean, variance }): Tensor[] => [mean, variance]));
        return add(mul(state, 1 - observationRate), mul(now, observationRate)) as Tensor1D;
      });
      for (const { mean, variance } of seen) {
        mean.dispose();
        variance.dispose();
      }
      return next;
    },
  };
}

function fill<S>(
  specs: readonly S[],
  sizes: readonly number[],
  total: number,
  values: (spec: S, index: number) => Float32Array,
): Float32Array {
  const out = new Float32Array(total);
  let at = 0;
  specs.forEach((spec, i) => {
    out.set(values(spec, i), at);
    at += sizes[i]!;
  });
  return out;
}

function initialValues({ name, init }: ParamSpec, size: number, seed: number): Float32Array {
  if ('constant' in init) return new Float32Array(size).fill(init.constant);
  const random = stream(seed, 'init', name);
  return Float32Array.from({ length: size }, () => init.sd * random.normal());
}
