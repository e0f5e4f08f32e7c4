/** Options that several commands have. */
import { Option } from 'commander';

/** Collects a repeatable option. */
const collect = (value: string, previous: readonly string[]) => [...previous, value];

/** `--set`, none by default. */
export const setOption = (about: string) =>
  new Option('--set <path=value>', about).argParser(collect).default([], 'none');

/** The option that lets a command replace a file. */
export const forceOption = ['--force', 'replace the file if there is one'] as const;
