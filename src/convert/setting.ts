/** From the words of a command line to a setting of one optimizer. */
import { fitsFloat32 } from '../experiment/float32.js';
import type { Convention } from './conventions.js';
import { ConvertError } from './errors.js';
import {
  named,
  suggestion,
  type Library,
  type LibraryOptimizer,
  type Param,
  type Values,
} from './libraries/index.js';
import { PARAMS } from './libraries/library.js';

/** What a run is started with: an optimizer of a library, and all its numbers. */
export interface Setting {
  readonly library: Library;
  readonly optimizer: LibraryOptimizer;
  /** With the library's defaults where nothing was given. */
  readonly values: Values;
}

/** What libraries call our names. */
const SYNONYMS: Readonly<Record<string, Param>> = {
  learning_rate: 'lr',
  weight_decay: 'wd',
  epsilon: 'eps',
  beta_1: 'beta1',
  beta_2: 'beta2',
  b1: 'beta1',
  b2: 'beta2',
};

/** The argument that has the decay: a penalty's l2, or wd. */
export const decayArgument = ({ defaults }: LibraryOptimizer): 'wd' | 'l2' =>
  'l2' in defaults ? 'l2' : 'wd';

/** The coefficient of theta in L2's gradient, or wd of the convention: the gradient of l2 |theta|^2 is 2 l2 theta. */
export const unitsOf = (optimizer: LibraryOptimizer): 1 | 2 => (decayArgument(optimizer) === 'l2' ? 2 : 1);

/** lambda of L2, or wd of the convention. */
export const strength = ({ optimizer, values }: Setting): number =>
  values[decayArgument(optimizer)]! * unitsOf(optimizer);

/** SGD without momentum, for which L2 is decay with the convention `lr` (Proposition 1). */
export const isPlainSgd = ({ optimizer, values }: Setting): boolean =>
  optimizer.step.startsWith('sgd') && values.momentum === 0;

/** What the decay is multiplied by; undefined for L2, but not for that of plain SGD. */
export function conventionOf(setting: Setting): Convention | undefined {
  const { decay } = setting.optimizer;
  if (decay !== 'l2') return decay;
  return isPlainSgd(setting) ? 'lr' : undefined;
}

/**
 * Reads `pytorch.NAdam` and `['lr=2e-3', 'wd=0.01', 'decoupled_weight_decay=true']`. Without a name it is the library's
 * first optimizer, AdamW. Numbers may be powers such as 2^-7.
 *
 * @throws ConvertError for names that are not known, values that are no numbers or out of range, and without lr or a decay
 */
export function readSetting(from: string, words: readonly string[]): Setting {
  const { library, optimizer: given } = named(from);
  const name = given ?? library.optimizers[0]!.name;
  const { values, flags } = readWords(words);
  const forms = library.optimizers.filter((one) => one.name === name);
  requireKnown(name, forms, values, flags);
  const optimizer = forms.find((one) => isMeant(one, forms, values, flags));
  if (!optimizer) {
    throw new ConvertError(
      `${name} has no form with ${words.join(' ')}.`,
      'convert-setting',
      describeForms(forms),
    );
  }
  requireBoth(values, optimizer);
  return { library, optimizer, values: { ...optimizer.defaults, ...values } };
}

interface Words {
  readonly values: Values;
  readonly flags: Readonly<Record<string, boolean>>;
}

function readWords(words: readonly string[]): Words {
  const values: Partial<Record<Param, number>> = {};
  const flags: Record<string, boolean> = {};
  const seen = new Set<string>();
  const once = <Name extends string>(name: Name): Name => {
    if (seen.has(name)) {
      throw new ConvertError(`${name} is given twice.`, 'convert-setting', 'Give each setting once.');
    }
    seen.add(name);
    return name;
  };
  for (const word of words) {
    const [key = '', text = ''] = word.split(/=(.*)/s);
    if (key === '' || text === '') {
      throw new ConvertError(
        `${word} is no setting.`,
        'convert-setting',
        'Write lr=3e-4 wd=0.1, for example.',
      );
    }
    if (/^(true|false)$/i.test(text)) flags[once(key)] = text.toLowerCase() === 'true';
    else if (key === 'betas') [values[once('beta1')], values[once('beta2')]] = betas(text);
    else values[once(paramOf(key))] = numberOf(key, text);
  }
  return { values, flags };
}

function paramOf(key: string): Param {
  const param = PARAMS.find((one) => one === key) ?? SYNONYMS[key];
  if (param !== undefined) return param;
  throw new ConvertError(
    `${key} is no setting that this command knows.`,
    'convert-setting',
    suggestion(key, [...PARAMS, ...Object.keys(SYNONYMS)]) ?? `It knows ${PARAMS.join(', ')}.`,
  );
}

function betas(text: string): [number, number] {
  const parts = text.replaceAll(/[()\s]/g, '').split(',');
  if (parts.length !== 2) {
    throw new ConvertError(`betas=${text} is not two numbers.`, 'convert-setting', 'Write betas=0.9,0.999.');
  }
  return [numberOf('beta1', parts[0]!), numberOf('beta2', parts[1]!)];
}

/** Below what a value must be; 0 or more, all of them. */
const LIMITS: Readonly<Partial<Record<string, number>>> = { beta1: 1, beta2: 1, rho: 1, momentum: 1 };

function numberOf(key: string, text: string): number {
  const power = /^(\d+)\^(-?\d+)$/.exec(text);
  const value = power ? Number(power[1]) ** Number(power[2]) : Number(text);
  const below = LIMITS[key] ?? Infinity;
  if (text.trim() !== '' && value >= 0 && value < below) {
    if (fitsFloat32(value)) return value;
    throw new ConvertError(
      `${key}=${text} is too ${value < 1 ? 'small' : 'large'} for float32, in which weights are trained.`,
      'convert-setting',
      `Write 0, or a ${value < 1 ? 'larger' : 'smaller'} number.`,
    );
  }
  throw new ConvertError(
    `${key}=${text} cannot be: it must be a number, 0 or more${below === Infinity ? '' : ` and below ${below}`}.`,
    'convert-setting',
    'Powers may be written 2^-7.',
  );
}

/** @throws ConvertError for a number or a flag that no form of the class has */
function requireKnown(
  name: string,
  forms: readonly LibraryOptimizer[],
  { ...values }: Values,
  flags: Words['flags'],
) {
  const params = new Set(forms.flatMap((form) => Object.keys(form.defaults)));
  const known = new Set(forms.flatMap((form) => Object.keys(form.flags)));
  const wrong = [
    ...Object.keys(values).filter((key) => !params.has(key)),
    ...Object.keys(flags).filter((key) => !known.has(key)),
  ];
  if (wrong.length === 0) return;
  throw new ConvertError(
    `${name} has no setting ${wrong[0]}.`,
    'convert-setting',
    suggestion(wrong[0]!, [...params, ...known]) ?? describeForms(forms),
  );
}

const describeForms = (forms: readonly LibraryOptimizer[]): string => {
  const one = (form: LibraryOptimizer) =>
    [...Object.keys(form.defaults), ...Object.entries(form.flags).map(([key, on]) => `${key}=${on}`)].join(
      ', ',
    );
  return `It has ${[...new Set(forms.map(one))].join('; or ')}.`;
};

/** Whether a form has the numbers given, and the flags. A flag that is not given has its default. */
function isMeant(
  form: LibraryOptimizer,
  forms: readonly LibraryOptimizer[],
  values: Values,
  flags: Words['flags'],
): boolean {
  if (!Object.keys(values).every((key) => key in form.defaults)) return false;
  const known = new Map(forms.flatMap((one) => Object.entries(one.flags)));
  return [...known].every(([key, unusual]) => (flags[key] ?? !unusual) === (form.flags[key] ?? !unusual));
}

function requireBoth(values: Values, optimizer: LibraryOptimizer): void {
  const argument = decayArgument(optimizer);
  for (const param of ['lr', argument] as const) {
    if (values[param] === undefined) {
      throw new ConvertError(
        `The setting has no ${param}.`,
        'convert-setting',
        `Add ${param}=VALUE, for example lr=3e-4 ${argument}=0.1.`,
      );
    }
  }
  if (values.lr === 0) {
    throw new ConvertError('lr is 0.', 'convert-setting', 'A learning rate must be above 0.');
  }
}
