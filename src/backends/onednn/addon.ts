/** The native addon (native/): loading it, and the types of its functions. */
import { createRequire } from 'node:module';
import { locateAddon, refusal, type AddonPlace } from './locate.js';
import { runKernel } from './recorder.js';

/** `null` stands for an optional array that is not given. */
type Optional = Float32Array | null;

/**
 * The native kernels. Each checks the types and lengths of its arrays against the given sizes, and throws a TypeError
 * or RangeError if they disagree. geometry.ts describes a geometry. The formulas are beside the functions in
 * native/*.cc.
 */
export interface Addon {
  /** `version` and `isa` are oneDNN's; `builtFrom` is the version of this package that the addon was built from. */
  facts(): { version: string; isa: string; kernels: string; builtFrom: string };
  setThreads(threads: number): void;
  /** Bytes from the buffer's start to the first cache line. */
  alignment(buffer: ArrayBuffer): number;
  conv2d(
    geometry: Int32Array,
    x: Float32Array,
    filter: Float32Array,
    bias: Optional,
    relu: boolean,
    y: Float32Array,
  ): void;
  /** Windows of size x size; `where`, of y's length, is for `unpool`. */
  conv2dReluMaxPool(
    geometry: Int32Array,
    size: number,
    x: Float32Array,
    filter: Float32Array,
    bias: Float32Array,
    y: Float32Array,
    where: Uint8Array,
  ): void;
  /** The gradient of conv2dReluMaxPool through pooling, ReLU and bias; the convolution's output is [n, h, w, c]. */
  unpool(
    n: number,
    h: number,
    w: number,
    c: number,
    size: number,
    dy: Float32Array,
    where: Uint8Array,
    dz: Float32Array,
    dbias: Float32Array,
  ): void;
  conv2dInputGradient(geometry: Int32Array, dy: Float32Array, filter: Float32Array, dx: Float32Array): void;
  conv2dFilterGradient(geometry: Int32Array, x: Float32Array, dy: Float32Array, dfilter: Float32Array): void;
  maxPool(geometry: Int32Array, x: Float32Array, y: Float32Array): void;
  maxPoolGradient(geometry: Int32Array, dy: Float32Array, x: Float32Array, dx: Float32Array): void;
  avgPool(geometry: Int32Array, x: Float32Array, y: Float32Array): void;
  avgPoolGradient(geometry: Int32Array, dy: Float32Array, dx: Float32Array): void;
  matmul(
    batchA: number,
    batchB: number,
    m: number,
    k: number,
    n: number,
    transposeA: boolean,
    transposeB: boolean,
    a: Float32Array,
    b: Float32Array,
    bias: Optional,
    relu: boolean,
    c: Float32Array,
  ): void;
  relu(x: Float32Array, y: Float32Array): void;
  reluGradient(dy: Float32Array, x: Float32Array, dx: Float32Array): void;
  /** dz = dy where y > 0 (or everywhere, without relu); dbias [columns] its sum over the rows. */
  biasReluGradient(
    rows: number,
    columns: number,
    relu: boolean,
    dy: Float32Array,
    y: Float32Array,
    dz: Float32Array,
    dbias: Float32Array,
  ): void;
  /** out [d0, d1, d2, d3] = a op b; bit k of repeatA: a has 1 where out has dk. Operations: 0 + 1 - 2 * 3 /. */
  binary(
    operation: number,
    d0: number,
    d1: number,
    d2: number,
    d3: number,
    repeatA: number,
    repeatB: number,
    a: Float32Array,
    b: Float32Array,
    out: Float32Array,
  ): void;
  /** Sums x [outer, middle, inner] over its middle axis, times scale. */
  sum(outer: number, middle: number, inner: number, scale: number, x: Float32Array, out: Float32Array): void;
  batchNormTrain(
    rows: number,
    channels: number,
    epsilon: number,
    relu: boolean,
    x: Float32Array,
    scale: Float32Array,
    offset: Float32Array,
    residual: Optional,
    y: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
  ): void;
  batchNormTrainGradient(
    rows: number,
    channels: number,
    epsilon: number,
    dy: Float32Array,
    x: Float32Array,
    y: Optional,
    scale: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
    dx: Float32Array,
    dscale: Float32Array,
    doffset: Float32Array,
    dresidual: Optional,
  ): void;
  batchNormInference(
    rows: number,
    channels: number,
    epsilon: number,
    x: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
    scale: Optional,
    offset: Optional,
    y: Float32Array,
  ): void;
  softmaxCrossEntropy(
    rows: number,
    classes: number,
    logits: Float32Array,
    labels: Int32Array,
    loss: Float32Array,
    dlogits: Float32Array,
  ): void;
  adamStep(
    n: number,
    beta1: number,
    beta2: number,
    bias1: number,
    bias2: number,
    stepSize: number,
    epsilon: number,
    l2: number,
    decay: number,
    theta: Float32Array,
    gradient: Float32Array,
    m: Float32Array,
    v: Float32Array,
    mask: Optional,
    thetaOut: Float32Array,
    mOut: Float32Array,
    vOut: Float32Array,
  ): void;
  layerNorm(
    rows: number,
    columns: number,
    epsilon: number,
    x: Float32Array,
    scale: Float32Array,
    offset: Float32Array,
    y: Float32Array,
    mean: Float32Array,
    inverse: Float32Array,
  ): void;
  layerNormGradient(
    rows: number,
    columns: number,
    dy: Float32Array,
    x: Float32Array,
    scale: Float32Array,
    mean: Float32Array,
    inverse: Float32Array,
    dx: Float32Array,
    dscale: Float32Array,
    doffset: Float32Array,
  ): void;
  gelu(n: number, x: Float32Array, y: Float32Array): void;
  geluGradient(n: number, dy: Float32Array, x: Float32Array, dx: Float32Array): void;
  attention(
    batch: number,
    positions: number,
    width: number,
    heads: number,
    causal: boolean,
    qkv: Float32Array,
    y: Float32Array,
    weights: Float32Array,
  ): void;
  attentionGradient(
    batch: number,
    positions: number,
    width: number,
    heads: number,
    causal: boolean,
    dy: Float32Array,
    qkv: Float32Array,
    weights: Float32Array,
    dqkv: Float32Array,
  ): void;
  embedding(
    n: number,
    rows: number,
    width: number,
    tokens: Float32Array,
    table: Float32Array,
    y: Float32Array,
  ): void;
  embeddingGradient(
    n: number,
    rows: number,
    width: number,
    tokens: Float32Array,
    dy: Float32Array,
    dtable: Float32Array,
  ): void;
  sgdStep(
    n: number,
    momentum: number,
    gradientScale: number,
    momentumScale: number,
    l2: number,
    decay: number,
    theta: Float32Array,
    gradient: Float32Array,
    m: Float32Array,
    mask: Optional,
    thetaOut: Float32Array,
    mOut: Float32Array,
  ): void;
}

let loaded: Addon | undefined;
let place: AddonPlace | undefined;

/**
 * The addon, loaded once: see locate.ts.
 * @throws BackendError with a sentence that says what to install, if there is none or it does not load
 */
export function loadAddon(): Addon {
  if (loaded) return loaded;
  place = locateAddon();
  try {
    loaded = createRequire(import.meta.url)(place.file) as Addon;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw refusal('onednn-load', `its native addon (${place.origin}) does not load (${reason}).`);
  }
  return loaded;
}

/** Which addon is loaded, for `doctor`. */
export const addonOrigin = (): string => place?.origin ?? 'none';

const noKernels = ['facts', 'setThreads', 'alignment'] as const;
type Kernels = Omit<Addon, (typeof noKernels)[number]>;

let kernels: Kernels | undefined;

/** The addon's kernels; each call of them can be recorded. Call it only after loadAddon has succeeded. */
export const native = (): Kernels => (kernels ??= recordable(loadAddon()));

function recordable(addon: Addon): Kernels {
  const names = Object.keys(addon).filter(
    (name): name is keyof Kernels => !(noKernels as readonly string[]).includes(name),
  );
  const through = (name: keyof Kernels) => [
    name,
    (...args: never[]) => runKernel(addon[name] as (...args: never[]) => void, ...args),
  ];
  return Object.fromEntries(names.map(through)) as Kernels;
}
