/**
 * Every rule once more, in plain float64 TypeScript: written from the papers and from the libraries' documentation, one
 * parameter at a time, and sharing nothing with src/rules.
 *
 * A formula keeps its own state. It is given what the direction is made of (`m`) and what the scale is made of (`v`),
 * which are the gradient where no placement says otherwise, and returns what the step subtracts from theta, decay aside.
 */

export interface Given {
  readonly t: number;
  /** eta_t alpha. */
  readonly rate: number;
  readonly m: readonly number[];
  readonly v: readonly number[];
}
export type Formula = (given: Given) => number[];

/** Settings by name. */
type Of = Readonly<Record<string, number | string | boolean>>;

const num = (of: Of, key: string): number => of[key] as number;

/** A vector of state that begins as zeros. */
const state = (): ((i: number, next: (old: number) => number) => number) => {
  const values: number[] = [];
  return (i, next) => (values[i] = next(values[i] ?? 0));
};

const sgd = (of: Of): Formula => {
  const buf = state();
  const mu = num(of, 'beta1');
  return ({ rate, m: g }) =>
    g.map((gi, i) =>
      of['momentumForm'] === 'paper' ? buf(i, (b) => mu * b + rate * gi) : rate * buf(i, (b) => mu * b + gi),
    );
};

const nesterov = (of: Of): Formula => {
  const buf = state();
  const mu = num(of, 'beta1');
  return ({ rate, m: g }) =>
    g.map((gi, i) => {
      // Keras: velocity = mu velocity - lr g; w += mu velocity - lr g. PyTorch: b = mu b + g; w -= lr (g + mu b).
      if (of['momentumForm'] === 'paper') return rate * gi + mu * buf(i, (b) => mu * b + rate * gi);
      return rate * (gi + mu * buf(i, (b) => mu * b + gi));
    });
};

const adam = (of: Of): Formula => {
  const [m, v] = [state(), state()];
  const [b1, b2, eps] = [num(of, 'beta1'), num(of, 'beta2'), num(of, 'eps')];
  return ({ t, rate, m: forM, v: forV }) =>
    forM.map((gi, i) => {
      const mi = m(i, (old) => b1 * old + (1 - b1) * gi);
      const vi = v(i, (old) => b2 * old + (1 - b2) * forV[i]! ** 2);
      const root2 = Math.sqrt(1 - b2 ** t);
      if (of['epsForm'] === 'torch7') return (rate * root2 * mi) / (1 - b1 ** t) / (Math.sqrt(vi) + eps);
      return (rate * mi) / (1 - b1 ** t) / (Math.sqrt(vi) / root2 + eps);
    });
};

const amsgrad = (of: Of): Formula => {
  const [m, v, most] = [state(), state(), state()];
  const [b1, b2, eps] = [num(of, 'beta1'), num(of, 'beta2'), num(of, 'eps')];
  return ({ t, rate, m: forM, v: forV }) =>
    forM.map((gi, i) => {
      const mhat = m(i, (old) => b1 * old + (1 - b1) * gi) / (1 - b1 ** t);
      const vi = v(i, (old) => b2 * old + (1 - b2) * forV[i]! ** 2);
      const bias = 1 - b2 ** t;
      if (of['maxOf'] === 'vhat') {
        const vhat = most(i, (old) => Math.max(old, vi / bias));
        const e = of['epsForm'] === 'paper' ? eps : eps / Math.sqrt(bias);
        return (rate * mhat) / (Math.sqrt(vhat) + e);
      }
      const vmax = most(i, (old) => Math.max(old, vi));
      return of['epsForm'] === 'paper'
        ? (rate * mhat) / (Math.sqrt(vmax) / Math.sqrt(bias) + eps)
        : (rate * Math.sqrt(bias) * mhat) / (Math.sqrt(vmax) + eps);
    });
};

const adamax = (of: Of): Formula => {
  const [m, u] = [state(), state()];
  const [b1, b2, eps] = [num(of, 'beta1'), num(of, 'beta2'), num(of, 'eps')];
  const inside = of['epsForm'] === 'inside';
  return ({ t, rate, m: forM, v: forV }) =>
    forM.map((gi, i) => {
      const mi = m(i, (old) => b1 * old + (1 - b1) * gi);
      const ui = u(i, (old) => Math.max(b2 * old, Math.abs(forV[i]!) + (inside ? eps : 0)));
      return ((rate / (1 - b1 ** t)) * mi) / (ui + (inside ? 0 : eps));
    });
};

const nadam = (of: Of): Formula => {
  const [m, v] = [state(), state()];
  const [b1, b2, eps, psi] = [num(of, 'beta1'), num(of, 'beta2'), num(of, 'eps'), num(of, 'momentumDecay')];
  const mu = (t: number) => b1 * (1 - 0.5 * Math.pow(0.96, t * psi));
  return ({ t, rate, m: forM, v: forV }) => {
    let prod = 1;
    for (let i = 1; i <= t; i++) prod *= mu(i);
    return forM.map((gi, i) => {
      const mi = m(i, (old) => b1 * old + (1 - b1) * gi);
      const vi = v(i, (old) => b2 * old + (1 - b2) * forV[i]! ** 2);
      const mhat = (mu(t + 1) * mi) / (1 - prod * mu(t + 1)) + ((1 - mu(t)) * gi) / (1 - prod);
      return (rate * mhat) / (Math.sqrt(vi / (1 - b2 ** t)) + eps);
    });
  };
};

const radam = (of: Of): Formula => {
  const [m, v] = [state(), state()];
  const [b1, b2, eps] = [num(of, 'beta1'), num(of, 'beta2'), num(of, 'eps')];
  const rhoInf = 2 / (1 - b2) - 1;
  return ({ t, rate, m: forM, v: forV }) =>
    forM.map((gi, i) => {
      const mhat = m(i, (old) => b1 * old + (1 - b1) * gi) / (1 - b1 ** t);
      const vi = v(i, (old) => b2 * old + (1 - b2) * forV[i]! ** 2);
      const bias = 1 - b2 ** t;
      const rho = rhoInf - (2 * t * b2 ** t) / bias;
      if (rho <= 5) return rate * mhat;
      const r = Math.sqrt(((rho - 4) * (rho - 2) * rhoInf) / ((rhoInf - 4) * (rhoInf - 2) * rho));
      const inverse =
        of['epsForm'] === 'torch7'
          ? Math.sqrt(bias) / (Math.sqrt(vi) + eps)
          : 1 / (Math.sqrt(vi / bias) + eps);
      return rate * mhat * r * inverse;
    });
};

const rmsprop = (of: Of): Formula => {
  const [v, mean, buf] = [state(), state(), state()];
  const [rho, eps, mu] = [num(of, 'rho'), num(of, 'eps'), num(of, 'momentum')];
  return ({ rate, m: forM, v: forV }) =>
    forM.map((gi, i) => {
      let variance = v(i, (old) => rho * old + (1 - rho) * forV[i]! ** 2);
      if (of['centered']) variance -= mean(i, (old) => rho * old + (1 - rho) * forV[i]!) ** 2;
      const scaled =
        gi / (of['epsForm'] === 'inside' ? Math.sqrt(variance + eps) : Math.sqrt(variance) + eps);
      if (mu === 0) return rate * scaled;
      return of['momentumForm'] === 'torch'
        ? rate * buf(i, (b) => mu * b + scaled)
        : buf(i, (b) => mu * b + rate * scaled);
    });
};

const adagrad = (of: Of): Formula => {
  const sums: number[] = [];
  const [eps, initial] = [num(of, 'eps'), num(of, 'initial')];
  return ({ rate, m: forM, v: forV }) =>
    forM.map((gi, i) => {
      sums[i] = (sums[i] ?? initial) + forV[i]! ** 2;
      return (rate * gi) / (of['epsForm'] === 'inside' ? Math.sqrt(sums[i] + eps) : Math.sqrt(sums[i]) + eps);
    });
};

const adadelta = (of: Of): Formula => {
  const [v, acc] = [state(), state()];
  const [rho, eps] = [num(of, 'rho'), num(of, 'eps')];
  return ({ rate, m: forM, v: forV }) =>
    forM.map((gi, i) => {
      const vi = v(i, (old) => rho * old + (1 - rho) * forV[i]! ** 2);
      let delta = 0;
      acc(i, (old) => {
        delta = (Math.sqrt(old + eps) / Math.sqrt(vi + eps)) * gi;
        return rho * old + (1 - rho) * delta ** 2;
      });
      return rate * delta;
    });
};

const lion = (of: Of): Formula => {
  const m = state();
  const [b1, b2] = [num(of, 'beta1'), num(of, 'beta2')];
  return ({ rate, m: g }) =>
    g.map((gi, i) => {
      let step = 0;
      m(i, (old) => {
        step = Math.sign(b1 * old + (1 - b1) * gi);
        return b2 * old + (1 - b2) * gi;
      });
      return rate * step;
    });
};

/** Muon's iteration as in its author's muon.py: rows are the smaller dimension, and X <- a X + (b A + c A A) X. */
function newtonSchulz(matrix: number[][], iterations: number): number[][] {
  const flip = (x: number[][]) => x[0]!.map((_, j) => x.map((row) => row[j]!));
  const times = (x: number[][], y: number[][]) =>
    x.map((row) => y[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * y[k]![j]!, 0)));
  const isTall = matrix.length > matrix[0]!.length;
  let x = isTall ? flip(matrix) : matrix;
  const norm = Math.max(1e-7, Math.hypot(...x.flat()));
  x = x.map((row) => row.map((value) => value / norm));
  for (let k = 0; k < iterations; k++) {
    const a = times(x, flip(x));
    const aa = times(a, a);
    const b = a.map((row, i) => row.map((value, j) => -4.775 * value + 2.0315 * aa[i]![j]!));
    const bx = times(b, x);
    x = x.map((row, i) => row.map((value, j) => 3.4445 * value + bx[i]![j]!));
  }
  return isTall ? flip(x) : x;
}

/** Of theta with this layout; ours are [in, out], PyTorch's [out, in]. */
const muon = (of: Of, layout: readonly (readonly number[])[]): Formula => {
  const buf = state();
  const [mu, restRate] = [num(of, 'momentum'), num(of, 'restRate')];
  const rest = adam({ ...of, epsForm: 'paper' });
  return ({ t, rate, m: g }) => {
    let from = 0;
    const out: number[] = [];
    const isRest: boolean[] = [];
    for (const shape of layout) {
      const size = shape.reduce((a, b) => a * b, 1);
      const [begin, end] = [from, (from += size)];
      isRest.push(...Array.from({ length: size }, () => shape.length < 2));
      if (shape.length < 2) continue;
      const [outs, ins] = [shape.at(-1)!, size / shape.at(-1)!];
      const ahead = g.slice(begin, end).map((gi, k) => {
        const b = buf(begin + k, (old) => mu * old + (1 - mu) * gi);
        if (!of['nesterov']) return b;
        return of['biasCorrection']
          ? (mu * b) / (1 - mu ** (t + 1)) + ((1 - mu) * gi) / (1 - mu ** t)
          : (1 - mu) * gi + mu * b;
      });
      const rows = Array.from({ length: ins }, (_, r) => ahead.slice(r * outs, (r + 1) * outs));
      const scale = {
        original: Math.max(1, outs / ins) ** 0.5,
        'match-rms': 0.2 * Math.max(outs, ins) ** 0.5,
        spectral: (outs / ins) ** 0.5,
      }[of['scale'] as string]!;
      newtonSchulz(rows, num(of, 'iterations'))
        .flat()
        .forEach((value, k) => (out[begin + k] = rate * scale * value));
    }
    const others = rest({ t, rate: rate * restRate, m: g, v: g });
    return others.map((value, i) => (isRest[i] ? value : out[i]!));
  };
};

export const FORMULAS: Readonly<Record<string, (of: Of, layout: readonly (readonly number[])[]) => Formula>> =
  { sgd, nesterov, adam, amsgrad, adamax, nadam, radam, rmsprop, adagrad, adadelta, lion, muon };
