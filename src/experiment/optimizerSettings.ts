/** What decides an optimizer's arithmetic, as types: workers need no schemas. */
import { ruleOf, type RULES } from '../rules/index.js';
import type { Setting, ValuesOf } from '../rules/settings.js';
import type { Exclusion } from './excluded.js';
import { familyOf, type OptimizerName, type Placement } from './placement.js';

/** What multiplies decay that acts on theta: `decayFactor` in optim/scalars.ts. */
export const CONVENTIONS = ['paper', 'lr', 'constant', 'normalized', 'timescale'] as const;
export type Convention = (typeof CONVENTIONS)[number];

/** What decides where decay enters and what multiplies it. */
export interface Decaying {
  readonly placement?: Placement | undefined;
  readonly convention: Convention;
}

/** Adam and SGD under any of their names: each has the settings of both (rules/classic.ts says why). */
export interface ClassicSettings extends Decaying, ValuesOf<(typeof RULES)['adam']['settings']> {
  readonly name: 'adam' | 'adamw' | 'sgd' | 'sgdw';
}

type Newer = Exclude<OptimizerName, ClassicSettings['name']>;

/** What decides an optimizer's arithmetic, apart from lr, wd and what is excluded from decay. */
export type OptimizerSettings =
  | ClassicSettings
  | { [N in Newer]: Decaying & { readonly name: N } & ValuesOf<(typeof RULES)[N]['settings']> }[Newer];

/** The same, as a cell keeps it. */
export type CellOptimizer = OptimizerSettings & { readonly exclude: Exclusion };

/** The names of the settings that an optimizer's rule has of its own. */
export const ownSettings = (name: OptimizerName): [string, Setting][] =>
  Object.entries(ruleOf(familyOf({ name })).settings);

/**
 * A setting by its name, of whatever rule; undefined where the rule has none. (The union's members have other keys each, so
 * that a name which only some have needs the cast.)
 */
export const settingOf = (optimizer: OptimizerSettings, key: string): number | string | boolean | undefined =>
  (optimizer as unknown as Readonly<Record<string, number | string | boolean | undefined>>)[key];

const CLASSIC: readonly OptimizerName[] = ['adam', 'adamw', 'sgd', 'sgdw'];

/** Whether it is Adam or SGD. */
export const isClassic = (optimizer: OptimizerSettings): optimizer is ClassicSettings =>
  CLASSIC.includes(optimizer.name);
