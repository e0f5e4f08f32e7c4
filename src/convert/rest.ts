/** The settings besides lr and the decay: what goes along, what is written, and where the step is not the same. */
import type { LibraryOptimizer, Param, Values } from './libraries/index.js';
import type { RunFacts } from './run.js';
import type { Setting } from './setting.js';
import { areOneStep, ruleOf, STEPS } from './steps.js';

const isDecay = (param: string): boolean => param === 'wd' || param === 'l2';

/** The source's numbers that the target has too. An eps that moves into a root is squared: so the floor stays the same. */
export function carry({ values, optimizer }: Setting, to: LibraryOptimizer): Values {
  const shared = Object.entries(values).filter(([param]) => param in to.defaults && !isDecay(param));
  const isInside = (step: string) => step === 'rmsprop/from-one' || step.endsWith('/eps-inside');
  const [before, after] = [isInside(optimizer.step), isInside(to.step)];
  const eps = values.eps ?? 0;
  const floor = Number((after ? eps ** 2 : Math.sqrt(eps)).toPrecision(12));
  const moved = before === after || !('eps' in to.defaults) ? {} : { eps: floor };
  return { ...Object.fromEntries(shared), ...moved };
}

/** The numbers that are not the target's defaults; both betas if one is not, since some libraries have them as a pair. */
export function unusual(values: Values, defaults: Values): Values {
  const differs = (param: Param) => values[param] !== defaults[param];
  const paired = differs('beta1') || differs('beta2');
  const isWritten = (param: string) =>
    !isDecay(param) && (param === 'beta1' || param === 'beta2' ? paired : differs(param as Param));
  return Object.fromEntries(Object.entries(values).filter(([param]) => isWritten(param)));
}

/** What of the step, decay aside, the target does in another way. */
export function differencesOf(from: Setting, to: Setting, facts: RunFacts): string[] {
  const [a, b] = [from.optimizer.step, to.optimizer.step];
  const momentum = from.values.momentum ?? 0;
  const hasNoEpsilon = from.values.eps === 0 && ruleOf(a) === 'adam';
  const isSame = areOneStep(a, b, { isFlat: facts.isFlat, momentum }) || hasNoEpsilon;
  const lost = Object.entries(from.values).filter(
    ([param, value]) => !isDecay(param) && !(param in to.values) && value !== 0,
  );
  return [
    ...(isSame
      ? []
      : [`the step: ${from.library.title} ${STEPS[a]}; ${to.library.title} ${STEPS[b]}${remark(a, b)}`]),
    ...lost.map(([param, value]) => `${param} = ${value}: ${to.optimizer.name} has no such setting`),
  ];
}

function remark(a: string, b: string): string {
  const pair = new Set([a, b]);
  if (pair.has('adam') && pair.has('adam/eps-hat')) {
    return '. Both agree once 1 - beta2^t is near 1; before, the second has the larger epsilon';
  }
  if (pair.has('sgd/lr-in-m') || pair.has('nesterov/lr-in-m'))
    return '. Both agree while the rate does not change';
  return '';
}
