/** What `adamw-bench convert` does. */
import { parse } from 'yaml';
import {
  ConvertError,
  convert,
  conventionTable,
  decayIn,
  factsOf,
  LIBRARIES,
  named,
  readSetting,
  type Run,
  type RunLength,
} from '../../convert/index.js';
import { scheduleSchema, type Schedule } from '../../experiment/specs.js';
import { conversionJson, listJson, tableJson } from '../convertJson.js';
import { conversionText, listText, tableText } from '../convertText.js';
import { UsageError, exitCode } from '../exit.js';

export interface ConvertFlags {
  readonly from?: string;
  readonly to?: string;
  readonly table?: boolean;
  readonly list?: boolean;
  readonly epochs?: number;
  readonly batch?: number;
  readonly images?: number;
  readonly schedule: string;
  readonly warmup: number;
  readonly json?: boolean;
}

/** Prints a setting in other words; returns the exit code, 2 where there are none. */
export function convertSetting(words: readonly string[], flags: ConvertFlags): number {
  requireOneTask(flags);
  const print = (value: unknown, text: string) => console.log(flags.json ? JSON.stringify(value) : text);
  if (flags.list) {
    print(listJson(LIBRARIES), listText(LIBRARIES));
    return exitCode.ok;
  }
  const run = runOf(flags);
  const from = readSetting(flags.from!, words);
  if (flags.table) {
    const rows = conventionTable(from, run);
    const decay = decayIn(from, run, factsOf(run));
    print(tableJson(from, rows, decay, run), tableText(from, rows, decay, run));
    return exitCode.ok;
  }
  const conversion = convert(from, named(flags.to!), run);
  print(conversionJson(conversion, run), conversionText(conversion, run));
  return conversion.to === null ? exitCode.refused : exitCode.ok;
}

function requireOneTask({ from, to, table, list }: ConvertFlags): void {
  if (list) return;
  if (from === undefined) {
    throw new UsageError('convert needs --from.', {
      remedy: 'Add --from pytorch, for example; --list shows all libraries.',
    });
  }
  if (to === undefined && !table) {
    throw new UsageError('convert needs --to or --table.', {
      remedy: 'Add --to keras, for example, or --table.',
    });
  }
  if (to !== undefined && table) {
    throw new UsageError('--table shows all conventions, so --to has no use.', {
      remedy: 'Leave one of them out.',
    });
  }
}

function runOf({ schedule, warmup, ...rest }: ConvertFlags): Run {
  return { schedule: scheduleOf(schedule), warmup, length: lengthOf(rest) };
}

/** @throws ConvertError if some of the three numbers are given and others are not */
function lengthOf({
  epochs,
  batch,
  images,
}: Pick<ConvertFlags, 'epochs' | 'batch' | 'images'>): RunLength | undefined {
  if (epochs !== undefined && batch !== undefined && images !== undefined) {
    return { epochs, batchSize: batch, images };
  }
  const given = { '--epochs': epochs, '--batch': batch, '--images': images };
  const missing = Object.entries(given).filter(([, value]) => value === undefined);
  if (missing.length === 3) return undefined;
  throw new ConvertError(
    'The length of a run is three numbers.',
    'convert-run',
    `Add ${missing.map(([name]) => name).join(' and ')}.`,
  );
}

/** `cosine`, or a schedule as a configuration has it. */
function scheduleOf(text: string): Schedule {
  const read = scheduleSchema.safeParse(/^[\w-]+$/.test(text) ? { name: text } : parsed(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const isUnknown = issue!.path.at(-1) === 'name';
  throw new ConvertError(
    isUnknown
      ? `There is no schedule ${text}.`
      : `--schedule ${text}: ${[issue!.path.join('.'), issue!.message].filter(Boolean).join(' ')}.`,
    'convert-run',
    'Write constant, step, cosine or wsd, or {name: warm-restarts, firstCycle: 10, multiply: 2}.',
  );
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
