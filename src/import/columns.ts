/** Which column of a table is what: as the user says, or guessed from the names. */
import { ImportError, type Table } from './table.js';

/** What a column can be. Of `error`, `accuracy` and `loss` one is read: it is what the statistics are about. */
export const ROLES = [
  'optimizer',
  'lr',
  'wd',
  'seed',
  'error',
  'accuracy',
  'loss',
  'train-loss',
  'status',
] as const;
export type Role = (typeof ROLES)[number];
export type Objective = Extract<Role, 'error' | 'accuracy' | 'loss'>;

/** The column of each role that has one. */
export type Columns = Readonly<Partial<Record<Role, string>>>;

const OBJECTIVES: readonly Objective[] = ['error', 'accuracy', 'loss'];

/**
 * Names by which a column is guessed, the likeliest first. They are compared without case, without all that is no letter
 * or digit, and without the groups that programs put in front (`params.`, `metrics.`, `user_attrs_` ...).
 */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  optimizer: ['optimizer', 'optimizername', 'optimizertype', 'optim', 'opt', 'label'],
  lr: ['lr', 'learningrate', 'initiallr', 'initlr', 'baselr', 'maxlr', 'peaklr', 'optimizerlr', 'stepsize'],
  wd: ['wd', 'weightdecay', 'optimizerwd', 'optimizerweightdecay', 'decay', 'l2', 'lambda'],
  seed: ['seed', 'randomseed', 'rngseed', 'manualseed'],
  // The bare names come last: beside `val_accuracy` and `val_loss`, Keras calls those of training `accuracy` and `loss`.
  error: [
    'finaltesterror', 'testerror', 'testerr', 'valerror', 'validationerror', 'evalerror', 'error', 'errorrate', 'err',
  ],
  accuracy: [
    'testaccuracy', 'testacc', 'valaccuracy', 'valacc', 'validationaccuracy', 'evalaccuracy', 'accuracy', 'acc', 'top1',
  ],
  loss: ['testloss', 'valloss', 'validationloss', 'evalloss', 'loss', 'nll'],
  'train-loss': ['finaltrainloss', 'trainloss', 'trainingloss', 'lossepoch'],
  status: ['status', 'state'],
}; // prettier-ignore

const GROUPS = /^(params?|metrics?|config|summary|user_attrs|hparams|hyperparameters|args|tags)[._/:]+/i;
const plain = (name: string): string =>
  name
    .replace(GROUPS, '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');

/**
 * @param given by role, as the user says
 * @returns every role's column, those given and those guessed
 * @throws ImportError where a column given does not exist, one is needed and not found, two are equally likely, or the
 * values of several studies do not measure one thing
 */
export function findColumns(table: Table, given: Columns): Columns {
  for (const [role, name] of Object.entries(given)) requireColumn(table, role, name);
  const chosen = OBJECTIVES.filter((role) => given[role] !== undefined);
  if (chosen.length > 1) {
    throw new ImportError(`--column names ${chosen.join(' and ')}, but one objective is read.`, {
      code: 'import-columns',
      remedy: 'Leave out all but one of error, accuracy and loss.',
    });
  }
  const found: Partial<Record<Role, string>> = { ...given };
  const isObjective = (role: Role) => (OBJECTIVES as readonly Role[]).includes(role);
  if (!OBJECTIVES.some((role) => found[role])) Object.assign(found, guessObjective(table));
  for (const role of ROLES) {
    if (found[role] !== undefined || (isObjective(role) && OBJECTIVES.some((one) => found[one]))) continue;
    const guess = guessColumn(table, role, Object.values(found));
    if (guess !== undefined) found[role] = guess;
  }
  requireNeeded(table, found);
  return found;
}

function requireColumn({ columns }: Table, role: string, name: string): void {
  if (columns.includes(name)) return;
  throw new ImportError(`--column ${role}=${name}: there is no such column.`, {
    code: 'import-columns',
    remedy: `The columns are: ${listed(columns)}.`,
  });
}

const listed = (columns: readonly string[]): string =>
  columns.slice(0, 40).join(', ') + (columns.length > 40 ? ` and ${columns.length - 40} more` : '');

/**
 * The objective of an Optuna study has no name. If it is maximised it is taken for an accuracy; else for an error if all
 * of its values may be one, and for a loss if not.
 */
function guessObjective({ format, columns, rows, maximize }: Table): Columns {
  if (format !== 'optuna' || !columns.includes('value')) return {};
  if (maximize === 'some') {
    throw new ImportError(
      'Some of these studies are maximised and some minimised: their values do not measure one thing.',
      {
        code: 'import-study',
        remedy: 'Name fewer with --study, or a column that all have, e.g. --column error=user_attrs_NAME.',
      },
    );
  }
  if (maximize) return { accuracy: 'value' };
  const isShare = rows.every(
    ({ values: { value = '' } }) => typeof value !== 'number' || !(value > 1) || value === Infinity,
  );
  return isShare ? { error: 'value' } : { loss: 'value' };
}

function guessColumn({ columns }: Table, role: Role, taken: readonly string[]): string | undefined {
  for (const name of NAMES[role]) {
    const [first, second] = columns.filter((column) => plain(column) === name && !taken.includes(column));
    if (second !== undefined) {
      throw new ImportError(`Both ${first!} and ${second} may be the ${role}.`, {
        code: 'import-columns',
        remedy: `Say which with --column ${role}=NAME.`,
      });
    }
    if (first !== undefined) return first;
  }
  return undefined;
}

function requireNeeded(table: Table, found: Columns): void {
  const missing = [
    ...(['lr', 'wd'] as const).filter((role) => found[role] === undefined),
    ...(OBJECTIVES.some((role) => found[role]) ? [] : ['error']),
  ];
  if (missing.length === 0) return;
  const options = missing.map((role) =>
    role === 'error' ? 'error=NAME (or accuracy=, loss=)' : `${role}=NAME`,
  );
  throw new ImportError(`No column looks like the ${missing.join(' and the ')} of a run.`, {
    code: 'import-columns',
    remedy: `Name it with ${options.map((one) => `--column ${one}`).join(' ')}. The columns are: ${listed(table.columns)}.`,
  });
}

/** The objective among the columns, and its name. There is one: `findColumns` has seen to it. */
export function objectiveIn(columns: Columns): { readonly role: Objective; readonly column: string } {
  const role = OBJECTIVES.find((one) => columns[one] !== undefined)!;
  return { role, column: columns[role]! };
}
