/** What a step may return, as a list of tensors and back. */
import { Tensor } from '../tfjs.js';
import { RecordingError } from './errors.js';

/** A tensor, an array or an object of tensors, or nothing. */
export type StepResult =
  | Tensor
  | readonly Tensor[]
  | { readonly [name: string]: Tensor }
  | null
  | undefined
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a function that returns nothing has this type
  | void;

export interface FlatResult {
  readonly tensors: readonly Tensor[];
  /** The same form with other tensors. */
  readonly rebuild: (tensors: readonly Tensor[]) => StepResult;
}

const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;

/** @throws RecordingError for anything else */
export function flatten(result: StepResult): FlatResult {
  if (result === undefined || result === null) return { tensors: [], rebuild: () => result };
  if (isTensor(result)) return { tensors: [result], rebuild: ([only]) => only! };
  const names = typeof result === 'object' ? Object.keys(result) : [];
  const tensors = names.map((name) => (result as Record<string, Tensor>)[name]);
  const isPromise = result instanceof Promise;
  // The promise continues without its inputs. Its rejection must not end the process: the error below is thrown instead.
  if (isPromise) result.catch(() => undefined);
  if (typeof result !== 'object' || isPromise || !tensors.every(isTensor)) {
    throw new RecordingError(
      `it returns ${isPromise ? 'a promise' : 'something besides tensors'}`,
      'step-result',
      'Return a tensor, an array or an object of tensors, or nothing.',
    );
  }
  if (Array.isArray(result)) return { tensors, rebuild: (others) => [...others] };
  return {
    tensors,
    rebuild: (others) => Object.fromEntries(names.map((name, i) => [name, others[i]!])),
  };
}
