/** Names of optimizers in other programs. */
import type { Origin } from '../experiment/importedCell.js';
import { defaultLabel } from '../experiment/labels.js';

const KINDS = ['adam', 'adamw', 'sgd', 'sgdw'] as const;

/** Which of ours a name means, without case and without a module in front: `torch.optim.AdamW` is `adamw`. */
function kindOf(name: string): Origin['kind'] {
  const last = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return KINDS.find((kind) => kind === last || defaultLabel({ name: kind }).toLowerCase() === last);
}

/** How an optimizer is called here. Our own names get the labels that a configuration would give them; others stay. */
export function labelled(name: string): { readonly label: string; readonly kind?: Origin['kind'] } {
  const kind = kindOf(name);
  if (kind === undefined) return { label: name };
  return { label: kind === name ? defaultLabel({ name: kind }) : name, kind };
}
