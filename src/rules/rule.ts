/** What a rule is: the settings of an update, and its arithmetic. */
import type { Places } from './placements.js';
import type { Settings, ValuesOf } from './settings.js';
import type { Transform } from './transforms.js';

/** The shapes of the tensors that theta consists of, in their order. */
export type Layout = readonly (readonly number[])[];

/** The places that not every rule has. */
type OwnPlace = Exclude<keyof Places, 'gradient' | 'update'>;

/** Why a rule lacks a place. */
export interface Lack {
  /** What follows "the placement", for the rule of this name. */
  readonly reason: (name: string) => string;
  /** Whether decay at this place would be L2. */
  readonly isL2?: true;
}

/** One rule. A file of this folder describes it, and `index.ts` names it. */
export interface Rule<S extends Settings = Settings> {
  /** Its name in tables and figures. */
  readonly label: string;
  /** Where its decay enters if nobody says otherwise; `l2` if absent. */
  readonly placement?: 'decoupled';
  readonly settings: S;
  /** The places that it lacks. */
  readonly lacks?: Readonly<Partial<Record<OwnPlace, Lack>>>;
  /** Whether `chain` needs the layout. */
  readonly needsLayout?: true;
  /**
   * The update as a chain with decay at its places. A rule uses every place but those that it lacks.
   * @param layout empty where nobody knows it; `slots` must be the same then
   */
  chain(of: ValuesOf<S>, at: Places, layout: Layout): Transform;
}

/** Gives a rule its types. */
export const rule = <const S extends Settings>(of: Rule<S>): Rule<S> => of;

/** For rules without a second moment: all that the gradient enters is the direction. */
export const onePath = {
  m: {
    reason: (name) => `is the same as l2 for ${name}, which has no second moment for the gradient to enter`,
    isL2: true,
  },
  v: { reason: (name) => `has no meaning for ${name}, which has no second moment` },
} as const satisfies Rule['lacks'];
