/** What an optimizer is called in tables and figures. */
import type { OptimizerSpec } from './specs.js';

/** Labels used where the configuration gives none. */
export const DEFAULT_LABELS: Readonly<Record<OptimizerSpec['name'], string>> = {
  adam: 'Adam+L2',
  adamw: 'AdamW',
  sgd: 'SGD+L2',
  sgdw: 'SGDW',
};

/** The optimizer's `label`, or else the default one of its name. Distinct within an experiment. */
export function optimizerLabel(spec: Pick<OptimizerSpec, 'name' | 'label'>): string {
  return spec.label ?? DEFAULT_LABELS[spec.name];
}
