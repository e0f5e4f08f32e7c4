/** Which parameters of a network decay, as a vector of theta's length. */
import { excludedNames, type Exclusion } from '../experiment/excluded.js';
import type { Experiment } from '../experiment/experiment.js';
import { sizeOf, type ParamSpec } from '../nn/layer.js';
import { ModelError } from './error.js';
import type { Model } from './model.js';

/** The names that stand for kinds of parameters. */
const KINDS = new Map<string, (param: ParamSpec) => boolean>([
  ['rank1', ({ shape }) => shape.length < 2],
  ['embeddings', ({ name }) => name.endsWith('embedding')],
]);

/** Whether a parameter is of a kind, or has a name that fits a pattern, in which * stands for anything. */
function testOf(word: string): (param: ParamSpec) => boolean {
  const kind = KINDS.get(word);
  if (kind !== undefined) return kind;
  const parts = word.split('*').map((text) => text.replace(/[.\\-]/g, String.raw`\$&`));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  return ({ name }) => pattern.test(name);
}

/** 1 for every parameter that decays, 0 for those that are excluded; undefined if all decay. */
export function decayMask({ params, parameterCount }: Model, exclusion: Exclusion): Float32Array | undefined {
  const tests = excludedNames(exclusion).map(testOf);
  if (tests.length === 0) return undefined;
  const mask = new Float32Array(parameterCount);
  let at = 0;
  for (const param of params) {
    const size = sizeOf(param.shape);
    if (!tests.some((isExcluded) => isExcluded(param))) mask.fill(1, at, at + size);
    at += size;
  }
  return mask;
}

/**
 * Refuses an exclusion that excludes nothing: a misspelt pattern would go unnoticed. `rank1` may: a network without
 * biases is none the worse for it.
 * @throws ModelError with the names that there are
 */
export function requireExclusions({ params }: Model, { optimizers, model }: Experiment): void {
  for (const [i, { exclude }] of optimizers.entries()) {
    const idle = excludedNames(exclude).find((word) => word !== 'rank1' && !params.some(testOf(word)));
    if (idle === undefined) continue;
    const names = params.map(({ name }) => name).join(', ');
    throw new ModelError(`optimizers.${i}.exclude: no parameter of the network ${model.name} fits ${idle}.`, {
      code: 'exclude-nothing',
      remedy: `Its parameters are ${names}.`,
    });
  }
}
