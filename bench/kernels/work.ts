/** What a call of a native kernel has to do: multiply-adds by definition, or bytes to read and write. */

/** A call as the worker noted it: numbers and flags as they are, of arrays their lengths in bytes. */
export type Argument =
  number | boolean | null | { readonly bytes: number; readonly ints?: readonly number[] };

export interface Call {
  readonly kernel: string;
  readonly args: readonly Argument[];
}

/** A call's work, with its shape for people. */
export interface Work {
  readonly shape: string;
  /** Floating-point operations, a multiply-add being two; undefined where memory is what counts. */
  readonly flops: number | undefined;
  /** Of all arrays together, each read or written once. */
  readonly bytes: number;
}

/** The fifteen numbers of src/backends/onednn/geometry.ts. */
function convolution(numbers: readonly number[]): { shape: string; flops: number } {
  const [n, h, w, ci, kh, kw, co, stride, , , , , , oh, ow] = numbers;
  const strided = stride! > 1 ? ` / ${stride!}` : '';
  return {
    shape: `[${n!}, ${h!}, ${w!}, ${ci!}] * ${kh!}x${kw!} -> ${co!}${strided}`,
    flops: 2 * n! * oh! * ow! * co! * kh! * kw! * ci!,
  };
}

function matmul(args: readonly Argument[]): { shape: string; flops: number } {
  const [batchA, batchB, m, k, n] = args as number[];
  const batch = Math.max(batchA!, batchB!);
  const [a, b] = [args[5] ? "A'" : 'A', args[6] ? "B'" : 'B'];
  return {
    shape: `${batch > 1 ? `${batch} x ` : ''}[${m!}, ${k!}] x [${k!}, ${n!}], ${a} ${b}`,
    flops: 2 * batch * m! * k! * n!,
  };
}

/** Two products of all positions with all others, and four in the gradient. */
function attention(products: number, args: readonly Argument[]): { shape: string; flops: number } {
  const [batch, positions, width, heads] = args as number[];
  return {
    shape: `[${batch!}, ${positions!}, ${width!}], ${heads!} heads`,
    flops: 2 * products * batch! * positions! ** 2 * width!,
  };
}

const productsOfAttention: Readonly<Record<string, number>> = { attention: 2, attentionGradient: 4 };

const byName: Readonly<Record<string, 'convolution' | 'matmul'>> = {
  conv2d: 'convolution',
  conv2dReluMaxPool: 'convolution',
  conv2dInputGradient: 'convolution',
  conv2dFilterGradient: 'convolution',
  matmul: 'matmul',
};

const isArray = (arg: Argument) => typeof arg === 'object' && arg !== null;
const bytesOf = (arg: Argument) => (typeof arg === 'object' && arg !== null && !arg.ints ? arg.bytes : 0);

/** The numbers of a call that has no shape of its own. */
const plainShape = (args: readonly Argument[]) =>
  args.filter((arg) => typeof arg === 'number' && Number.isInteger(arg)).join(', ');

/** The work of a call. A kernel that is not known by name counts by its memory. */
export function workOf({ kernel, args }: Call): Work {
  const bytes = args.reduce<number>((sum, arg) => sum + bytesOf(arg), 0);
  const form = byName[kernel];
  if (form === 'matmul') return { bytes, ...matmul(args) };
  const products = productsOfAttention[kernel];
  if (products !== undefined) return { bytes, ...attention(products, args) };
  const geometry = args.find((arg) => isArray(arg) && (arg as { ints?: unknown }).ints !== undefined);
  const ints = (geometry as { ints?: readonly number[] } | undefined)?.ints;
  if (form === 'convolution' && ints) return { bytes, ...convolution(ints) };
  return { shape: ints ? `[${ints.slice(0, 4).join(', ')}]` : plainShape(args), flops: undefined, bytes };
}
