/**
 * The rules of the newer classes in plain float64 JavaScript, written from their formulas and sharing nothing with src: what
 * the classes are checked against. Decay is decoupled, with convention `lr`: theta - eta lr (u + wd theta).
 */

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** What a rule subtracts from a tensor, divided by the learning rate, in step t; it keeps its state. */
export type Direction = (gradient: readonly number[], t: number) => readonly number[];

/** A rule for one tensor. `rate` multiplies the learning rate of the direction, not of the decay. */
export interface Transcription {
  readonly direction: Direction;
  readonly rate?: number;
}

const averages = () => new Map<number, number>();
const average = (state: Map<number, number>, i: number, beta: number, value: number): number => {
  const next = beta * (state.get(i) ?? 0) + (1 - beta) * value;
  state.set(i, next);
  return next;
};

/** Dozat's NAdam in PyTorch's form. */
export function nadam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, momentumDecay = 0.004 } = {}): Direction {
  const [m, v] = [averages(), averages()];
  const mu = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  return (gradient, t) => {
    let product = 1;
    for (let i = 1; i <= t; i++) product *= mu(i);
    return gradient.map((g, i) => {
      const mt = average(m, i, beta1, g);
      const vt = average(v, i, beta2, g * g) / (1 - beta2 ** t);
      const ahead = (mu(t + 1) * mt) / (1 - product * mu(t + 1)) + ((1 - mu(t)) * g) / (1 - product);
      return ahead / (Math.sqrt(vt) + epsilon);
    });
  };
}

/** RMSProp of PyTorch; the momentum accumulates the scaled gradient. */
export function rmsprop({
  rho = 0.99,
  epsilon = 1e-8,
  epsForm = 'outside',
  centered = false,
  momentum = 0,
} = {}): Direction {
  const [v, a, b] = [averages(), averages(), averages()];
  return (gradient) =>
    gradient.map((g, i) => {
      const mean = average(a, i, rho, g);
      const square = average(v, i, rho, g * g) - (centered ? mean * mean : 0);
      const root = epsForm === 'inside' ? Math.sqrt(square + epsilon) : Math.sqrt(square) + epsilon;
      const next = momentum * (b.get(i) ?? 0) + g / root;
      b.set(i, next);
      return next;
    });
}

/** Algorithm 2 of the Lion paper. */
export function lion({ beta1 = 0.9, beta2 = 0.99 } = {}): Direction {
  const m = averages();
  return (gradient) =>
    gradient.map((g, i) => {
      const direction = Math.sign(beta1 * (m.get(i) ?? 0) + (1 - beta1) * g);
      average(m, i, beta2, g);
      return direction;
    });
}

export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = {}): Direction {
  const [m, v] = [averages(), averages()];
  return (gradient, t) =>
    gradient.map(
      (g, i) =>
        average(m, i, beta1, g) /
        (1 - beta1 ** t) /
        (Math.sqrt(average(v, i, beta2, g * g) / (1 - beta2 ** t)) + epsilon),
    );
}

type Matrix = readonly (readonly number[])[];

const transposed = (x: Matrix): Matrix => x[0]!.map((_, j) => x.map((row) => row[j]!));
const product = (x: Matrix, y: Matrix): Matrix =>
  x.map((row) => transposed(y).map((column) => row.reduce((sum, value, k) => sum + value * column[k]!, 0)));
const combined = (x: Matrix, a: number, y: Matrix, b: number): Matrix =>
  x.map((row, i) => row.map((value, j) => a * value + b * y[i]![j]!));

/** Keller Jordan's `zeropower_via_newtonschulz5`, without bfloat16. */
function orthogonal(g: Matrix): Matrix {
  if (g.length > g[0]!.length) return transposed(orthogonal(transposed(g)));
  const norm = Math.sqrt(g.flat().reduce((sum, value) => sum + value * value, 0));
  let x: Matrix = g.map((row) => row.map((value) => value / Math.max(norm, 1e-7)));
  for (let i = 0; i < 5; i++) {
    const gram = product(x, transposed(x));
    const mix = combined(gram, -4.775, product(gram, gram), 2.0315);
    x = combined(x, 3.4445, product(mix, x), 1);
  }
  return x;
}

/** Muon for a tensor whose last axis is the outputs. */
export function muon(
  shape: readonly number[],
  { momentum = 0.95, nesterov = true, scale = 'match-rms' } = {},
): Direction {
  const m = averages();
  const outputs = shape.at(-1)!;
  const inputs = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const factor =
    scale === 'original'
      ? Math.sqrt(Math.max(1, outputs / inputs))
      : scale === 'spectral'
        ? Math.sqrt(outputs / inputs)
        : 0.2 * Math.sqrt(Math.max(inputs, outputs));
  return (gradient) => {
    const ahead = gradient.map((g, i) => {
      const mt = average(m, i, momentum, g);
      return nesterov ? (1 - momentum) * g + momentum * mt : mt;
    });
    const rows = Array.from({ length: inputs }, (_, i) => ahead.slice(i * outputs, (i + 1) * outputs));
    return orthogonal(rows)
      .flat()
      .map((value) => factor * value);
  };
}

/** All values after some steps under a cosine, from the values before. */
export function transcribed(
  start: readonly Tensor[],
  of: (shape: readonly number[]) => Transcription,
  gradient: (values: readonly number[]) => readonly number[],
  { lr, wd, steps }: { lr: number; wd: number; steps: number },
): number[] {
  const rules = start.map(({ shape }) => of(shape));
  let theta = start.flatMap(({ values }) => values);
  for (let t = 1; t <= steps; t++) {
    const rate = lr * 0.5 * (1 + Math.cos((Math.PI * (t - 1)) / steps));
    const g = gradient(theta);
    let from = 0;
    theta = start.flatMap(({ values }, part) => {
      const [first, end] = [from, (from += values.length)];
      const { direction, rate: own = 1 } = rules[part]!;
      const update = direction(g.slice(first, end), t);
      return update.map((u, i) => theta[first + i]! - rate * own * u - rate * wd * theta[first + i]!);
    });
  }
  return theta;
}
