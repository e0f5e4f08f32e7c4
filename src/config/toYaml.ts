/** The resolved configuration as text: what a results folder keeps. */
import { stringify } from 'yaml';
import type { Experiment } from '../experiment/experiment.js';

/** How the file begins. It tells a configuration that the program has written from one that a person has. */
const header = '# Resolved by adamw-bench: every default is written out, nothing is inherited.\n';

/** Whether a text is one that `experimentToYaml` wrote, of this version or another. */
export const isResolved = (text: string): boolean =>
  text.startsWith(header.slice(0, header.indexOf(':') + 1));

/** YAML that loads to an equal Experiment: every default written out, nothing inherited. */
export function experimentToYaml(experiment: Experiment): string {
  return header + stringify(experiment, { aliasDuplicateObjects: false, lineWidth: 110 });
}
