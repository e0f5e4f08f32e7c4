/** The settings that a rule has of its own, described once: for the schema, its types, the reference and the checks. */

interface Described {
  /** What it means, as the reference prints it. */
  readonly about: string;
}
export interface NumberSetting extends Described {
  /**
   * `share` at least 0 and below 1; `positiveShare` above 0 and below 1; `positive` above 0; `atLeast0`; `count` a whole
   * number from 1 to 100.
   */
  readonly kind: 'share' | 'positiveShare' | 'positive' | 'atLeast0' | 'count';
  readonly default: number;
}
export interface FlagSetting extends Described {
  readonly kind: 'flag';
  readonly default: boolean;
}
export interface ChoiceSetting<C extends string = string> extends Described {
  readonly kind: 'choice';
  readonly of: readonly C[];
  readonly default: C;
}

export type Setting = NumberSetting | FlagSetting | ChoiceSetting;
export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<T extends Setting> =
  T extends ChoiceSetting<infer C> ? C : T extends FlagSetting ? boolean : number;

/** The values that settings have. */
export type ValuesOf<S extends Settings> = { readonly [K in keyof S]: ValueOf<S[K]> };

const numeric =
  (kind: NumberSetting['kind']) =>
  (value: number, about: string): NumberSetting => ({ kind, default: value, about });

export const share = numeric('share');
export const positiveShare = numeric('positiveShare');
export const positive = numeric('positive');
export const atLeast0 = numeric('atLeast0');
export const count = numeric('count');

export const flag = (value: boolean, about: string): FlagSetting => ({ kind: 'flag', default: value, about });

/** The first is the default. */
export const choice = <const C extends string>(
  of: readonly [C, ...C[]],
  about: string,
): ChoiceSetting<C> => ({
  kind: 'choice',
  of,
  default: of[0],
  about,
});
