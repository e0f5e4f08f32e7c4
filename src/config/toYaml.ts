/** The resolved configuration as text: what a results folder keeps. */
import { stringify } from 'yaml';
import type { Experiment } from './schema.js';

/** YAML that loads to an equal Experiment: every default written out, nothing inherited. */
export function experimentToYaml(experiment: Experiment): string {
  const header = '# Resolved by adamw-bench: every default is written out, nothing is inherited.\n';
  return header + stringify(experiment, { aliasDuplicateObjects: false, lineWidth: 110 });
}
