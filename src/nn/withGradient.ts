/** Operations whose gradient is a formula of ours. */
import { customGrad, type Tensor } from '../backends/tfjs.js';

/** An operation's value, and its gradient: of each input, in order, for `dy` and what was saved. */
interface Differentiated {
  readonly value: Tensor;
  gradFunc(dy: Tensor, saved: Tensor[]): Tensor | Tensor[];
}

/**
 * Applies an operation that has a gradient of its own.
 * @param compute gets the inputs, and `save` for the tensors that the gradient needs
 */
export function withGradient<const I extends readonly Tensor[]>(
  inputs: I,
  compute: (inputs: I, save: (saved: Tensor[]) => void) => Differentiated,
): Tensor {
  const operation = customGrad((...args) => {
    // tfjs hands over the function that saves behind the inputs, and its types call it one of them.
    const save = args.at(-1) as unknown as (saved: Tensor[]) => void;
    return compute(args.slice(0, -1) as readonly Tensor[] as I, save);
  });
  return operation(...inputs);
}
