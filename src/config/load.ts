/**
 * From a YAML file to an Experiment: read, extended, overridden, validated. Whatever is wrong with it is a
 * ConfigError that shows the place.
 */
import { ConfigError, type Problem } from './errors.js';
import { explain } from './explain.js';
import { readMerged } from './extend.js';
import { withAbsolutePath } from './ownPath.js';
import { override } from './override.js';
import { experimentSchema, writtenSchema, type Experiment } from '../experiment/experiment.js';
import { toPlain } from './tree.js';

export interface LoadOptions {
  /** Overrides, each `path.to.key=VALUE` with VALUE in YAML, applied in order. */
  readonly set?: readonly string[];
  /** The file is of a results folder, perhaps by an earlier version that refused less: it is read, not run. */
  readonly written?: boolean;
  /** What was found at the path of the user's own data; it becomes `dataset.content`. */
  readonly content?: object;
}

/**
 * Loads a configuration file, with all that it extends and every default filled in.
 *
 * @param path the YAML file.
 * @throws ConfigError with every problem found (files that cannot be read or parsed end the search early).
 */
export function loadExperiment(path: string, options: LoadOptions = {}): Experiment {
  const problems: Problem[] = [];
  let root = readMerged(path, problems);
  for (const text of options.set ?? []) root = override(root, text, problems);
  root = withAbsolutePath(root);
  const schema = options.written ? writtenSchema : experimentSchema;
  const result = schema.safeParse(withContent(toPlain(root), options.content));
  if (!result.success) problems.push(...notYetReported(explain(result.error.issues, root), problems));
  if (!result.success || problems.length > 0) throw new ConfigError(inReadingOrder(problems));
  return result.data;
}

function withContent(settings: unknown, content: object | undefined): unknown {
  if (content === undefined) return settings;
  const { dataset, ...rest } = settings as { dataset: object };
  return { ...rest, dataset: { ...dataset, content } };
}

/** A value that YAML refused is null in the tree; the schema's problem with that null is not reported again. */
function notYetReported(complaints: readonly Problem[], known: readonly Problem[]): Problem[] {
  const isKnown = ({ place }: Problem): boolean =>
    place !== undefined &&
    known.some((other) => other.place?.source === place.source && other.place.start === place.start);
  return complaints.filter((complaint) => !isKnown(complaint));
}

/** Problems in the order of the texts, and within each from the top down. */
function inReadingOrder(problems: readonly Problem[]): Problem[] {
  const texts = [...new Set(problems.map(({ place }) => place?.source))];
  const order = ({ place }: Problem): number => texts.indexOf(place?.source);
  return [...problems].sort((a, b) => order(a) - order(b) || (a.place?.start ?? 0) - (b.place?.start ?? 0));
}
