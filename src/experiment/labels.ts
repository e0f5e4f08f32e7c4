/** What an optimizer is called in tables and figures. */
import { ruleOf } from '../rules/index.js';
import { placementKinds } from '../rules/placements.js';
import { familyOf, placementOf, type Placed } from './placement.js';

/** The label used where the configuration gives none: `Adam+L2`, `AdamW`, `Adam, l2 in m`, `Lion`. */
export function defaultLabel(spec: Placed): string {
  const { label, placement } = ruleOf(familyOf(spec));
  const own = placementOf(spec);
  // A rule whose own decay is decoupled needs no W.
  return own === placement ? label : label + placementKinds[own].label;
}

/** The optimizer's `label`, or else the default one. Distinct within an experiment. */
export function optimizerLabel(spec: Placed & { readonly label?: string | undefined }): string {
  return spec.label ?? defaultLabel(spec);
}
