/** Data that a user brings: where they lie, and what was found there. */
import { z } from 'zod';

/** @param what what lies there, in words, without a full stop */
export const pathSchema = (what: string) =>
  z
    .string()
    .min(1)
    .describe(
      `${what}. Relative to the configuration file; after --set, to the working directory. A moved folder is the same data.`,
    );

/**
 * What was found at the path. It is a part of each cell's identity, in place of the path: so a moved folder is the same
 * data, and a changed one is not.
 * @param facts what else is known of the data without reading them again
 */
export const contentSchema = <Facts extends z.core.$ZodLooseShape>(facts: Facts) =>
  z
    .strictObject({
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 digits and letters a to f' })
        .describe('Fingerprint of names, labels and bytes.'),
      ...facts,
    })
    .describe('What was found at `path`. It is filled in when a run begins: leave it out.');

/** The same experiment, wherever its data lie. */
export function withoutPath<E extends { readonly dataset: object }>(experiment: E): E {
  if (!('path' in experiment.dataset)) return experiment;
  return { ...experiment, dataset: { ...experiment.dataset, path: '' } };
}

/** A data set as cells have it: what is read, and not from where. */
export type Placeless<Spec> = Spec extends { readonly path: string; readonly content?: infer Content }
  ? Omit<Spec, 'path' | 'content'> & { readonly content: NonNullable<Content> }
  : Spec;

/**
 * The data set as cells have it. Data that are nobody's own stay as they are.
 * @throws Error where own data have not been read yet, see `data/ownData.ts`
 */
export function placeless<Spec extends object>(spec: Spec): Placeless<Spec> {
  if (!('path' in spec)) return spec as Placeless<Spec>;
  const { path, ...rest } = spec;
  if (!('content' in rest) || rest.content === undefined)
    throw new Error(`what lies at ${String(path)} is not known yet`);
  return rest as Placeless<Spec>;
}
