/** What the command line of the benchmark asks for. */
import { parseArgs } from 'node:util';
import { peers } from './peers/setup.js';
import type { Peer } from './peers/python.js';
import { models, type BenchModel } from './speed/models.js';

/** What can be measured. `speed` is the benchmark without a flag. */
export const parts = ['speed', 'kernels', 'tensorflow', 'start', 'scale'] as const;
export type Part = (typeof parts)[number];

export type Options =
  | { readonly do: 'setup'; readonly peers: readonly Peer[]; readonly python: string }
  | { readonly do: 'readme' }
  | {
      readonly do: 'measure';
      readonly parts: readonly Part[];
      /** One short round. */
      readonly quick: boolean;
      readonly models: readonly BenchModel[];
      readonly sweep: boolean;
      /** Numbers of synthetic cells. */
      readonly sizes: readonly number[];
      /** Where results go; undefined: where they are published if the run is whole, else nowhere. */
      readonly out: string | undefined;
      /** Whether it is the whole of its parts, so that it may be published. */
      readonly whole: boolean;
    };

/** Sizes of `--scale`. A million cells have to be asked for: they take half an hour. */
const usualSizes = [1e3, 1e4, 1e5];
const quickSizes = [1e3];

const flags = {
  quick: { type: 'boolean', default: false },
  setup: { type: 'boolean', default: false },
  readme: { type: 'boolean', default: false },
  kernels: { type: 'boolean', default: false },
  tensorflow: { type: 'boolean', default: false },
  start: { type: 'boolean', default: false },
  scale: { type: 'boolean', default: false },
  million: { type: 'boolean', default: false },
  sweep: { type: 'boolean', default: true },
  only: { type: 'string' },
  out: { type: 'string' },
  python: { type: 'string', default: 'python3' },
} as const;

/** Something about the command line that cannot be meant. */
export class OptionError extends Error {}

function modelsNamed(only: string | undefined): BenchModel[] {
  if (only === undefined) return [...models];
  const names = only.split(',');
  const known = models.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined)
    throw new OptionError(`--only takes names out of ${known.join(', ')}; ${wrong} is none.`);
  return models.filter(({ name }) => names.includes(name));
}

function peersNamed(names: readonly string[]): Peer[] {
  const wrong = names.find((name) => !(peers as string[]).includes(name));
  if (wrong !== undefined)
    throw new OptionError(`--setup takes names out of ${peers.join(', ')}; ${wrong} is none.`);
  return names.length > 0 ? (names as Peer[]) : ['pytorch'];
}

/** @throws OptionError, or TypeError by parseArgs */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: flags,
    allowNegative: true,
    allowPositionals: true,
  });
  if (values.setup) return { do: 'setup', peers: peersNamed(positionals), python: values.python };
  if (positionals.length > 0) throw new OptionError(`What is ${positionals[0]!} to be?`);
  if (values.readme) {
    if (values.quick || values.only !== undefined || !values.sweep)
      throw new OptionError('--readme measures nothing: it writes what is published into README.');
    return { do: 'readme' };
  }
  const named = parts.filter((part) => part !== 'speed' && values[part]);
  return {
    do: 'measure',
    parts: named.length > 0 ? named : values.quick ? parts : ['speed'],
    quick: values.quick,
    models: modelsNamed(values.only),
    sweep: values.sweep,
    sizes: [...(values.quick ? quickSizes : usualSizes), ...(values.million ? [1e6] : [])],
    out: values.out,
    whole: !values.quick && values.only === undefined && values.sweep,
  };
}
