/** Matrix products, in batches, with bias and activation. */
import { BatchMatMul, _FusedMatMul, util, type TensorInfo } from '../../tfjs.js';
import { activate, type Activation } from '../activation.js';
import { native } from '../addon.js';
import { kernel, type Call } from '../kernel.js';

interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The sizes of op(a) op(b); undefined if they do not fit: the JavaScript kernel reports that. */
function sizes(a: number[], b: number[], { transposeA, transposeB }: Transposes) {
  const [aRows, aColumns] = a.slice(-2) as [number, number];
  const [bRows, bColumns] = b.slice(-2) as [number, number];
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  const outerA = a.slice(0, -2);
  const outerB = b.slice(0, -2);
  const batchA = util.sizeFromShape(outerA);
  const batchB = util.sizeFromShape(outerB);
  if (k !== inner) return undefined;
  const same = util.arraysEqual(outerA, outerB);
  if (!same && !(outerA.length === outerB.length && (batchA === 1 || batchB === 1))) return undefined;
  return { m, k, n, batchA, batchB, outer: batchA >= batchB ? outerA : outerB };
}

function product(
  { inputs, attrs, backend }: Call<{ a: TensorInfo; b: TensorInfo }, Transposes>,
  bias: Float32Array | null,
  relu: boolean,
): TensorInfo | undefined {
  const a = backend.floats(inputs.a);
  const b = backend.floats(inputs.b);
  const s = sizes(inputs.a.shape, inputs.b.shape, attrs);
  if (!a || !b || !s || (bias && bias.length !== s.n)) return undefined;
  const { info, values } = backend.allocate([...s.outer, s.m, s.n]);
  const { transposeA, transposeB } = attrs;
  native().matmul(s.batchA, s.batchB, s.m, s.k, s.n, transposeA, transposeB, a, b, bias, relu, values);
  return info;
}

const batchMatMul = kernel<{ a: TensorInfo; b: TensorInfo }, Transposes>(BatchMatMul, (call) =>
  product(call, null, false),
);

interface FusedInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

const fusedMatMul = kernel<FusedInputs, Transposes & Activation>(_FusedMatMul, (call) => {
  const { inputs, attrs, backend } = call;
  const bias = inputs.bias ? backend.floats(inputs.bias) : null;
  if (bias === undefined || (bias && inputs.bias!.shape.at(-1) !== bias.length)) return undefined;
  const out = product(call, bias, attrs.activation === 'relu');
  return out && activate(backend, out, attrs, inputs.preluActivationWeights);
});

export const matmulKernels = [batchMatMul, fusedMatMul];
