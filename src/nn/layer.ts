/**
 * Layers as values. A layer gets the shape of its input, says which parameters it needs, and applies them. Composition
 * (`serial`, `residual` in the models) concatenates these needs.
 */
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Stream } from '../random/stream.js';

/** Shape of one image's activation, without the batch axis: [h, w, c] or [features]. */
export type Shape = readonly number[];

/** Initial values: normal with standard deviation `sd`, or a constant. */
export type Init = { readonly sd: number } | { readonly constant: number };

/** One parameter tensor of a layer. */
export interface ParamSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
}

/** One vector of running statistics, updated by observation instead of by gradient. */
export interface StateSpec {
  readonly name: string;
  readonly size: number;
  readonly initial: number;
}

/** Batch statistics seen by one batch-norm layer in a training pass; each of length c. Kept: the taker disposes. */
export interface Observed {
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
}

/**
 * The kind of pass. Training normalises by the batch and reports its statistics through `observe`, in layer order;
 * evaluation normalises by the running statistics.
 */
export type Pass =
  | {
      readonly training: true;
      readonly random: Stream;
      /** Where a step is recorded: the numbers that the layers would draw from `random`, as inputs of the step. */
      readonly drawn?: DrawnNumbers;
      observe(seen: Observed): void;
    }
  | { readonly training: false };

/**
 * Numbers that were drawn before the pass. The next `count` of them, as a tensor [count, 1, 1, 1] that each call of the
 * result makes anew.
 */
export type DrawnNumbers = (count: number) => () => Tensor4D;

export interface Layer {
  readonly output: Shape;
  /** Most values of an image between two of a composite's layers; absent: those of its output. */
  readonly largest?: number;
  readonly params: readonly ParamSpec[];
  readonly state: readonly StateSpec[];
  /** How many uniform numbers a training pass of a batch draws; absent: none. */
  draws?(batch: number): number;
  /** x [b, ...input] -> [b, ...output]; `params` and `state` hold one tensor per spec, in order. */
  apply(params: readonly Tensor[], state: readonly Tensor1D[], x: Tensor, pass: Pass): Tensor;
}

/** A layer waiting for its input's shape. */
export type LayerOf = (input: Shape) => Layer;

/** How many values a tensor of this shape has. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

/** Prefixes the names of a layer's parameters and state. */
export function named(prefix: string, layer: Layer): Layer {
  const rename = <S extends { name: string }>(spec: S): S => ({ ...spec, name: `${prefix}.${spec.name}` });
  return { ...layer, params: layer.params.map(rename), state: layer.state.map(rename) };
}

/** Layers one after the other; keys become name prefixes. */
export function serial(layers: Readonly<Record<string, LayerOf>>): LayerOf {
  return (input) => {
    let shape = input;
    const parts = Object.entries(layers).map(([name, of]) => {
      const layer = named(name, of(shape));
      shape = layer.output;
      return layer;
    });
    return {
      output: shape,
      largest: Math.max(sizeOf(input), ...parts.map(({ largest, output }) => largest ?? sizeOf(output))),
      params: parts.flatMap((part) => part.params),
      state: parts.flatMap((part) => part.state),
      draws: (batch) => parts.reduce((sum, part) => sum + (part.draws?.(batch) ?? 0), 0),
      apply(params, state, x, pass) {
        const take = slices(params, state);
        return parts.reduce((activation, part) => part.apply(...take(part), activation, pass), x);
      },
    };
  };
}

/** Deals a composite's parameters and state out to its parts, in order. */
export function slices(params: readonly Tensor[], state: readonly Tensor1D[]) {
  let p = 0;
  let s = 0;
  return (part: Layer): [readonly Tensor[], readonly Tensor1D[]] => [
    params.slice(p, (p += part.params.length)),
    state.slice(s, (s += part.state.length)),
  ];
}
