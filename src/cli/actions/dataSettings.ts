/** What the two kinds of `adamw-bench data check` share: options as settings of a data set, and back. */
import type { z } from 'zod';
import { UsageError } from '../exit.js';

/** The settings, checked as in a configuration. @throws UsageError that names the option */
export function settingsFor<S extends z.ZodType>(schema: S, settings: object): z.infer<S> {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new UsageError(
    `--${String(path[0])} cannot be used: ${message}. See \`adamw-bench data check --help\`.`,
  );
}

/** `dataset` as a line of a configuration. */
export function datasetLine(settings: object): string {
  const written = Object.entries(settings).map(([key, value]) =>
    key === 'name' ? `name: ${value}` : `${key}: ${JSON.stringify(value)}`,
  );
  return `dataset: { ${written.join(', ')} }`;
}
