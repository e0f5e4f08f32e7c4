/**
 * Where weight decay enters an optimizer. The names `adam` and `adamw` say it for two placements, `sgd` and `sgdw` too;
 * `placement` says it for all. Two spellings of one thing become one here, before a cell is hashed.
 */
import { RULE_NAMES, ruleOf, type RuleName } from '../rules/index.js';
import { placementKinds, placeOf, PLACEMENTS, type Placement } from '../rules/placements.js';
import type { Lack } from '../rules/rule.js';
import { report, type Context } from './issues.js';

export { PLACEMENTS, type Placement };

/** Names that stand for a rule and a placement other than its own. */
const ALIASES = {
  adamw: { family: 'adam', placement: 'decoupled' },
  sgdw: { family: 'sgd', placement: 'decoupled' },
} as const satisfies Record<string, { family: RuleName; placement: Placement }>;
type Alias = keyof typeof ALIASES;

export type OptimizerName = RuleName | Alias;
/** A rule for the update, whatever the place of its decay. */
export type Family = RuleName;

interface Meaning {
  readonly family: Family;
  readonly placement: Placement;
}

const aliasesOf = (rule: RuleName) =>
  Object.entries(ALIASES).filter(([, { family }]) => family === rule) as [Alias, Meaning][];

/** What a name stands for: the rule of the update, and the placement if the specification gives none. */
const NAMES = Object.fromEntries(
  RULE_NAMES.flatMap((name): [OptimizerName, Meaning][] => [
    [name, { family: name, placement: ruleOf(name).placement ?? 'l2' }],
    ...aliasesOf(name),
  ]),
) as Readonly<Record<OptimizerName, Meaning>>;

/** All names of optimizers, each rule's own before those that stand for it. */
export const OPTIMIZER_NAMES = Object.keys(NAMES) as [OptimizerName, ...OptimizerName[]];

/** The part of an optimizer's specification that decides where its decay enters. */
export interface Placed {
  readonly name: OptimizerName;
  readonly placement?: Placement | undefined;
}

export const familyOf = ({ name }: Pick<Placed, 'name'>): Family => NAMES[name].family;
export const placementOf = ({ name, placement }: Placed): Placement => placement ?? NAMES[name].placement;

/** Whether wd acts through the gradient, on theta directly, or not at all. */
export const actionOf = (placed: Placed) => placementKinds[placementOf(placed)].acts;

/** The family's name with the placement, or a name that stands for both: equal for optimizers of one kind. */
export const kindOf = ({ name, placement }: Placed): string =>
  placement === undefined ? name : `${name}, ${placement}`;

/** For the kind of each rule with L2, the kind of the same rule with decoupled decay. */
export const decoupledKinds: Readonly<Record<string, string>> = Object.fromEntries(
  RULE_NAMES.map((name) => {
    const kind = (placement: Placement) => kindOf(withoutSynonyms<Placed>({ name, placement }));
    return [kind('l2'), kind('decoupled')];
  }),
);

/** The same optimizer, with `placement` only where no name says it: older cells have none, and keep their identity. */
export function withoutSynonyms<T extends Placed>(spec: T): T {
  const { placement, ...rest } = spec;
  if (placement === undefined) return spec;
  const named = Object.entries(NAMES).find(
    ([, meaning]) => meaning.family === familyOf(spec) && meaning.placement === placement,
  );
  // T with another of its names: TypeScript cannot know that a T without its placement is one.
  return named === undefined ? spec : ({ ...rest, name: named[0] } as unknown as T);
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
  const lack = lackOf(family, placement);
  if (lack === undefined) return undefined;
  const possible = PLACEMENTS.filter((other) => lackOf(family, other) === undefined);
  const takes = `${family} takes ${possible.slice(0, -1).join(', ')} and ${possible.at(-1)!}`;
  return { message: lack.reason(family), hint: lack.isL2 ? 'write placement: l2' : takes };
}

/** Why a rule lacks the place that a placement takes; undefined if it has it. */
function lackOf(family: Family, placement: Placement): Lack | undefined {
  const place = placeOf(placement);
  return place === 'm' || place === 'v' ? ruleOf(family).lacks?.[place] : undefined;
}

/** Refuses a placement that the optimizer cannot have. */
export function checkPlacement(spec: Placed, ctx: Context): void {
  const problem = placementProblem(spec);
  if (problem !== undefined) report(ctx, ['placement'], problem.message, problem.hint);
}
