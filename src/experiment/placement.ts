/**
 * Where weight decay enters an optimizer. The names `adam` and `adamw` say it for two placements, `sgd` and `sgdw` too;
 * `placement` says it for all. Two spellings of one thing become one here, before a cell is hashed.
 */
import { report, type Context } from './issues.js';

/**
 * - `l2` lambda theta is added to the gradient
 * - `l2-in-m` to the gradient that the first moment averages; v has the raw gradient
 * - `l2-in-v` to the gradient that the second moment averages; m has the raw gradient
 * - `decoupled` to the finished update
 * - `cautious` as decoupled, where the update has theta's sign or either is 0 (https://arxiv.org/abs/2510.12402)
 * - `none` nowhere
 */
export const PLACEMENTS = ['l2', 'l2-in-m', 'l2-in-v', 'decoupled', 'cautious', 'none'] as const;
export type Placement = (typeof PLACEMENTS)[number];

/** What a name stands for: the rule of the update, and the placement if the specification gives none. */
const NAMES = {
  adam: { family: 'adam', placement: 'l2' },
  adamw: { family: 'adam', placement: 'decoupled' },
  sgd: { family: 'sgd', placement: 'l2' },
  sgdw: { family: 'sgd', placement: 'decoupled' },
} as const satisfies Record<string, { family: string; placement: Placement }>;

export type OptimizerName = keyof typeof NAMES;
/** A rule for the update, whatever the place of its decay. */
export type Family = (typeof NAMES)[OptimizerName]['family'];

/** The part of an optimizer's specification that decides where its decay enters. */
export interface Placed {
  readonly name: OptimizerName;
  readonly placement?: Placement | undefined;
}

export const familyOf = ({ name }: Pick<Placed, 'name'>): Family => NAMES[name].family;
export const placementOf = ({ name, placement }: Placed): Placement => placement ?? NAMES[name].placement;

/** The family's name with the placement, or a name that stands for both: equal for optimizers of one kind. */
export const kindOf = ({ name, placement }: Placed): string =>
  placement === undefined ? name : `${name}, ${placement}`;

/** The same optimizer, with `placement` only where no name says it: older cells have none, and keep their identity. */
export function withoutSynonyms<T extends Placed>(spec: T): T {
  const { placement, ...rest } = spec;
  if (placement === undefined) return spec;
  const named = Object.entries(NAMES).find(
    ([, meaning]) => meaning.family === familyOf(spec) && meaning.placement === placement,
  );
  return named === undefined ? spec : ({ ...rest, name: named[0] } as T);
}

/** Why a rule cannot have its placement, if so, and what to do. `message` follows the placement. */
export function placementProblem({ name, placement }: Placed): { message: string; hint: string } | undefined {
  if (placement === undefined) return undefined;
  const family = familyOf({ name });
  if (name !== family && placement !== NAMES[name].placement)
    return {
      message: `contradicts the name ${name}, which means ${family} with decoupled decay`,
      hint: `write {name: ${family}, placement: ${placement}}, or {name: ${name}} alone`,
    };
  if (family === 'sgd' && placement === 'l2-in-m')
    return {
      message: 'is the same as l2 for sgd, whose gradient enters the momentum alone',
      hint: 'write placement: l2',
    };
  if (family === 'sgd' && placement === 'l2-in-v')
    return {
      message: 'has no meaning for sgd, which has no second moment',
      hint: 'sgd takes l2, decoupled, cautious and none',
    };
  return undefined;
}

/** Refuses a placement that the optimizer cannot have. */
export function checkPlacement(spec: Placed, ctx: Context): void {
  const problem = placementProblem(spec);
  if (problem !== undefined) report(ctx, ['placement'], problem.message, problem.hint);
}
