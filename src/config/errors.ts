/** ConfigError: everything that is wrong with a configuration, each with its place in the user's text. */
import { ReportedError } from '../errors/reported.js';
import { printable } from '../experiment/printable.js';
import { excerpt, lineColumn, type Place } from './source.js';

export interface Problem {
  /** Absent if there is no text to point at (a file that does not exist). */
  readonly place?: Place;
  /** The file, where there is no place. */
  readonly file?: string;
  /** What was expected and what was found. */
  readonly message: string;
  readonly hint?: string | undefined;
}

/** One complaint as programs see it: `line` and `column` count from 1 and are absent without a place. */
export interface Diagnostic {
  /** The file's path as the user wrote it, or `--set`. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  readonly hint?: string;
  /** The complaint in full, as text of one to four lines. */
  readonly text: string;
}

/** More problems than this are counted, not listed. */
const MAX_LISTED = 20;
/** More than this are not even located. */
const MAX_DIAGNOSTICS = 100;

/** A configuration that is refused. `message` is the whole text to show; a CLI exits with code 2. */
export class ConfigError extends ReportedError {
  /** The first hundred. */
  readonly diagnostics: readonly Diagnostic[];
  constructor(problems: readonly Problem[]) {
    const diagnostics = problems.slice(0, MAX_DIAGNOSTICS).map(toDiagnostic);
    const listed = diagnostics.slice(0, MAX_LISTED).map((d) => d.text);
    const more = problems.length - MAX_LISTED;
    if (more > 0) listed.push(`… and ${more} more ${more === 1 ? 'problem' : 'problems'}.`);
    super(listed.join('\n\n'), { code: 'config-invalid' });
    this.diagnostics = diagnostics;
  }
}

function toDiagnostic(problem: Problem): Diagnostic {
  const { place, message } = problem;
  const hint = problem.hint === undefined ? {} : { hint: problem.hint };
  const tail = problem.hint === undefined ? [] : [`  ${printable(problem.hint)}`];
  if (place === undefined) {
    const file = problem.file ?? 'configuration';
    const text = [`${printable(file)}: ${printable(message)}`, ...tail].join('\n');
    return { file, message, ...hint, text };
  }
  const at = lineColumn(place.source.text, place.start);
  const { code, carets } = excerpt(place);
  const isFile = place.source.kind === 'file';
  const where = isFile ? `${place.source.name}:${at.line}:${at.column}` : place.source.name;
  const gutter = isFile ? `  ${at.line} | ` : '  ';
  const under = isFile ? `${' '.repeat(gutter.length - 2)}| ` : gutter;
  const text = [`${printable(where)}: ${printable(message)}`, gutter + code, under + carets, ...tail].join(
    '\n',
  );
  return { file: place.source.name, ...at, message, ...hint, text };
}
