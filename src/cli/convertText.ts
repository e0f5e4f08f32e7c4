/** What `convert` prints for people. */
import {
  SUBTRACTS,
  stepsPerEpochOf,
  type Conversion,
  type Decay,
  type Instead,
  type Library,
  type LibraryOptimizer,
  type Row,
  type Run,
  type Setting,
} from '../convert/index.js';

const WIDTH = 15;
const line = (name: string, text: string): string => `${name.padEnd(WIDTH)} ${text}`;

/** Four digits: enough to compare, and no more than tau means. */
const rounded = (value: number): string => Number(value.toPrecision(4)).toString();

/** The lines of one conversion. */
export function conversionText(
  { from, to, formula, decay, none, instead, differences }: Conversion,
  run: Run,
): string {
  const notes = [from, ...(to ? [to.setting] : [])].flatMap(notesOf);
  const head = [describe(from), ...(to ? [describe(to.setting)] : [])];
  const answer = to
    ? ['', to.setting.optimizer.write(to.written), '']
    : ['', `There is no equal setting. ${none!.text}`, ''];
  const lines = [
    ...head,
    ...answer,
    ...(formula === null ? [] : [line('formula', formulaText(formula))]),
    ...decayLines(decay, run),
    ...(instead ? insteadLines(instead) : []),
    ...differences.map((text) => line('not the same', text)),
    ...(to && differences.length === 0
      ? [line('the rest', 'is the same step: both train the same weights')]
      : []),
    ...[...new Set(notes)].map((text) => line('note', text)),
  ];
  return lines.join('\n');
}

const formulaText = (formula: string): string => {
  const meanings = [
    ...(formula.includes('(N)') ? ['N the steps of the run, or of a restart cycle'] : []),
    ...(/\bS\b/.test(formula) ? ['S the steps of an epoch'] : []),
  ];
  return [formula, ...meanings].join(', ');
};

const notesOf = ({ library, optimizer }: Setting): string[] =>
  [library.note, optimizer.note].flatMap((note) => (note === undefined ? [] : [`${library.title}: ${note}`]));

/** "PyTorch AdamW: lr 0.0003, wd 0.1; a step subtracts eta lr wd theta". */
function describe({ library, optimizer, values }: Setting): string {
  const numbers = (['lr', 'wd', 'l2'] as const).flatMap((param) =>
    values[param] === undefined ? [] : [`${param} ${values[param]}`],
  );
  return `${library.title}, ${nameOf(optimizer)}: ${numbers.join(', ')}; ${effectOf(optimizer)}`;
}

const nameOf = ({ name, flags }: LibraryOptimizer): string => {
  const given = Object.entries(flags).map(([flag, on]) => `${flag}=${on}`);
  return given.length === 0 ? name : `${name}(${given.join(', ')})`;
};

const effectOf = ({ decay, defaults }: LibraryOptimizer): string => {
  if (decay !== 'l2') return `a step subtracts ${SUBTRACTS[decay]}`;
  return `${'l2' in defaults ? '2 l2' : 'wd'} theta joins the gradient (L2)`;
};

function decayLines(decay: Decay | null, run: Run): string[] {
  if (!decay) return [line('decay', 'L2 passes the moments, so it has no time scale')];
  const much = decay.perStep >= 1 ? ': all of it or more. Is the convention right?' : '';
  const perStep = line('decay', `${rounded(decay.perStep)} of a weight per step at the full rate${much}`);
  if (!run.length || !decay.run) {
    return [perStep, line('tau, total', 'add --epochs, --batch and --images to have them')];
  }
  const { total, tau } = decay.run;
  const { epochs } = run.length;
  const steps = counted(stepsPerEpochOf(run.length), 'step');
  const about = `${counted(epochs, 'epoch')} of ${steps}, schedule ${run.schedule.name}${warmup(run)}`;
  return [
    perStep,
    line('tau', tau === null ? 'none: nothing decays' : `${rounded(tau)} epochs at the full rate`),
    line('total decay', `${rounded(total)} e-folds in ${about}`),
  ];
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

const warmup = ({ warmup: epochs }: Run): string => (epochs === 0 ? '' : `, warm-up ${epochs}`);

function insteadLines({ scheduled, sameTotal }: Instead): string[] {
  return [
    ...(scheduled && scheduled.power !== 0
      ? [
          line(
            'equal only if',
            `the target's wd is set to ${scheduled.wd} ${power(scheduled.power)} in each step t`,
          ),
        ]
      : []),
    ...(sameTotal === null
      ? []
      : [line('near', `wd ${rounded(sameTotal)} has the same total decay, at another pace`)]),
  ];
}

const power = (exponent: number): string =>
  `${exponent > 0 ? '*' : '/'} eta_t${Math.abs(exponent) === 1 ? '' : `^${Math.abs(exponent)}`}`;

/** The table of all conventions. */
export function tableText(from: Setting, rows: readonly Row[], decay: Decay | null, run: Run): string {
  const cells = rows.map((row) => [row.convention, row.subtracts, numberText(row), row.who.join(', ')]);
  const all = [['convention', 'a step subtracts', 'wd', 'who has it'], ...cells];
  return [describe(from), ...decayLines(decay, run), '', ...columns(all)].join('\n');
}

function numberText({ wd, none, sameTotal }: Row): string {
  if (wd !== null) return String(wd);
  if (!none) return 'needs --epochs, --batch, --images';
  return sameTotal === null ? 'none' : `none; ${rounded(sameTotal)} in total`;
}

/** Left-aligned columns, without spaces at the end. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

/** All libraries with their optimizers and decays. */
export function listText(libraries: readonly Library[]): string {
  return libraries
    .map(({ name, title, source, note, optimizers }) =>
      [
        `${name}: ${title}, from ${source}`,
        ...(note === undefined ? [] : [`  ${note}`]),
        ...columns(optimizers.map((one) => [`  ${nameOf(one)}`, effectOf(one)])),
      ].join('\n'),
    )
    .join('\n\n');
}
