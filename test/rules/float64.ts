/** The rules in float64: the same chains as on tensors, run on arrays of doubles. */
import { positionOf, type OptimizerSettings, type Rates } from '../../src/optim/scalars.js';
import { familyOf, placementOf } from '../../src/experiment/placement.js';
import { ruleOf } from '../../src/rules/index.js';
import type { Operand, Ops } from '../../src/rules/ops.js';
import { placesOf } from '../../src/rules/placements.js';
import type { Layout } from '../../src/rules/rule.js';
import type { StepInfo } from '../../src/optim/index.js';

/** A vector, or a matrix row by row. */
export interface Doubles {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const vector = (data: readonly number[]): Doubles => ({ shape: [data.length], data });

const binary =
  (f: (a: number, b: number) => number) =>
  (a: Operand<Doubles>, b: Operand<Doubles>): Doubles => {
    const isOne = (x: Operand<Doubles>) => typeof x === 'number' || x.data.length === 1;
    const long = (isOne(a) && typeof b !== 'number' ? b : a) as Doubles;
    const at = (x: Operand<Doubles>, i: number) =>
      typeof x === 'number' ? x : x.data[x.data.length === 1 ? 0 : i]!;
    return { shape: long.shape, data: long.data.map((_, i) => f(at(a, i), at(b, i))) };
  };
const unary =
  (f: (x: number) => number) =>
  ({ shape, data }: Doubles): Doubles => ({ shape, data: data.map(f) });

const transposed = ({ shape, data }: Doubles): Doubles => {
  const [rows, cols] = shape as [number, number];
  return {
    shape: [cols, rows],
    data: data.map((_, i) => data[(i % rows) * cols + Math.floor(i / rows)]!),
  };
};

function product(a: Doubles, b: Doubles): Doubles {
  const [rows, inner] = a.shape as [number, number];
  const [, cols] = b.shape as [number, number];
  const data = Array.from({ length: rows * cols }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += a.data[Math.floor(at / cols) * inner + k]! * b.data[k * cols + (at % cols)]!;
    return sum;
  });
  return { shape: [rows, cols], data };
}

export const float64Ops: Ops<Doubles> = {
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  max: binary(Math.max),
  sqrt: unary(Math.sqrt),
  square: unary((x) => x * x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  agree: binary((a, b) => (Math.sign(a) * Math.sign(b) < 0 ? 0 : 1)),
  split: ({ data }, sizes) => {
    let from = 0;
    return sizes.map((size) => vector(data.slice(from, (from += size))));
  },
  concat: (parts) => vector(parts.flatMap(({ data }) => data)),
  reshape: ({ data }, shape) => ({ shape, data }),
  matMul: (a, b, { a: ofA, b: ofB }) => product(ofA ? transposed(a) : a, ofB ? transposed(b) : b),
  norm: ({ data }) => vector([Math.hypot(...data)]),
};

export interface Float64Options extends Rates {
  readonly mask?: readonly number[] | undefined;
  readonly layout?: Layout | undefined;
}

/** theta after each step 0..T. */
export function float64Walk(
  settings: OptimizerSettings,
  options: Float64Options,
  theta0: readonly number[],
  grad: (theta: readonly number[], t: number) => readonly number[],
  steps: readonly StepInfo[],
): number[][] {
  const rule = ruleOf(familyOf(settings));
  const places = placesOf(placementOf(settings), options.wd);
  const links = rule.chain(settings as never, places, options.layout ?? []);
  let slots = links.slots.map(() => vector(theta0.map(() => 0)));
  const path = [[...theta0]];
  for (const at of steps) {
    // As vectors: a number that float32 cannot tell from 1 would be left out.
    const numbers = Object.entries(links.numbers(positionOf(settings, options, at)));
    const theta = vector(path.at(-1)!);
    const out = links.apply(vector(grad(theta.data, at.t)), {
      ops: float64Ops,
      theta,
      mask: options.mask && vector(options.mask),
      slots,
      s: Object.fromEntries(numbers.map(([key, value]) => [key, vector([value])])),
    });
    slots = [...out.slots];
    path.push(theta.data.map((x, i) => x - out.update.data[i]!));
  }
  return path;
}
