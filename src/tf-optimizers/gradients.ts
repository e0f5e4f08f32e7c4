/** The two shapes in which tfjs hands gradients to applyGradients, as one. */
import { engine, type NamedTensorMap, type Tensor, type Variable } from '@tensorflow/tfjs-core';

/** tfjs's own type of this name, which it does not export. */
export interface NamedTensor {
  name: string;
  tensor: Tensor;
}

/** What `Optimizer.applyGradients` takes. */
export type VariableGradients = NamedTensorMap | readonly NamedTensor[];

/**
 * Each variable with its gradient, leaving out those that have none.
 *
 * @throws Error for a gradient of something that is no variable.
 */
export function pairs(gradients: VariableGradients): { variable: Variable; gradient: Tensor }[] {
  const list: readonly { name: string; tensor: Tensor | null | undefined }[] = Array.isArray(gradients)
    ? (gradients as NamedTensor[])
    : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor: tensor as Tensor }));
  return list.flatMap(({ name, tensor }) => {
    if (!tensor) return [];
    const variable = engine().registeredVariables[name];
    if (!variable) throw new Error(`There is a gradient for ${name}, but no variable of that name.`);
    return [{ variable, gradient: tensor }];
  });
}
