/** Which optimizer of the other library a setting goes to. */
import type { LibraryOptimizer, Named } from './libraries/index.js';
import type { None } from './none.js';
import type { RunFacts } from './run.js';
import { conventionOf, decayArgument, type Setting } from './setting.js';
import { areOneStep, ruleOf } from './steps.js';

/** The optimizer of the target that has the source's rule and kind of decay, with the same form of the step if one has. */
export function chosen(
  from: Setting,
  { library, optimizer }: Named,
  facts: RunFacts,
): LibraryOptimizer | None {
  const rule = ruleOf(from.optimizer.step);
  const named = library.optimizers.filter((one) => optimizer === undefined || one.name === optimizer);
  const sameRule = named.filter((one) => ruleOf(one.step) === rule);
  if (sameRule.length === 0) {
    return optimizer === undefined
      ? { kind: 'no-such-optimizer', text: `${library.title} has no ${rule} that this command knows.` }
      : {
          kind: 'other-rule',
          text: `${optimizer} is not the rule of ${from.optimizer.name}: their steps differ, whatever the decay is. Name ${library.name} without an optimizer to get the one of the same rule.`,
        };
  }
  const isL2 = conventionOf(from) === undefined;
  const fit = sameRule.filter((one) => isL2 === (conventionOf(asTarget(from, one)) === undefined));
  if (fit.length === 0) return againstL2(from, rule, isL2);
  return fit.toSorted((one, other) => distance(from, one, facts) - distance(from, other, facts))[0]!;
}

/**
 * How far a target is from what one would choose: first of all the same step, then an argument of the optimizer rather
 * than a penalty in every layer, then the source's own decay. (For plain SGD both kinds are equal.)
 */
function distance(from: Setting, to: LibraryOptimizer, { isFlat }: RunFacts): number {
  const isSame = areOneStep(from.optimizer.step, to.step, { isFlat, momentum: from.values.momentum ?? 0 });
  return (
    (isSame ? 0 : 4) + (decayArgument(to) === 'wd' ? 0 : 2) + (to.decay === from.optimizer.decay ? 0 : 1)
  );
}

/** The target with the source's numbers: what decides whether it is plain SGD. */
export const asTarget = (from: Setting, optimizer: LibraryOptimizer) => ({ ...from, optimizer });

function againstL2({ values }: Setting, rule: string, isL2: boolean): None {
  const heavyBall = rule === 'sgd' || rule === 'nesterov';
  const proposition = heavyBall
    ? 'the momentum averages the gradient of L2, and decoupled decay passes it by'
    : "no wd makes them equal (Proposition 2 of the paper): the moments rescale each weight's L2";
  const near =
    isL2 && heavyBall && values.momentum !== undefined
      ? ` Near it for small rates: decay by lr wd / (1 - momentum), that is ${Number(
          (1 / (1 - values.momentum)).toPrecision(12),
        )} times the wd in the convention lr.`
      : '';
  return {
    kind: 'l2-against-decoupled',
    text: `One is L2 in the gradient, the other is decoupled decay, and ${proposition}.${near}`,
  };
}
