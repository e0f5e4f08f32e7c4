/**
 * Two copies of tfjs-core in one program: npm installs ours beside the program's own where the versions differ. Both
 * compute on one engine, which they share as a global, but each has classes of its own for `tf.loadLayersModel`, so
 * that the program's tfjs says "Unknown layer: AdamW".
 */
import { env, Environment, version_core } from '@tensorflow/tfjs-core';

const { platform } = env();

/**
 * Whether another copy has been loaded: before ours, then the global environment is not of our class; or after, then
 * it has put its own platform, a class of the same name, in the place of ours.
 */
export function isSecondCoreLoaded(): boolean {
  const now = env().platform.constructor;
  const isReplaced = now !== platform.constructor && now.name === platform.constructor.name;
  return !(env() instanceof Environment) || isReplaced;
}

const WARNING =
  `Two copies of @tensorflow/tfjs-core are loaded, the program's and version ${version_core} of adamw-bench, so that ` +
  `tf.loadLayersModel does not find the optimizers of adamw-bench (Unknown layer): install exactly the tfjs that ` +
  `adamw-bench uses, with npm install --save-exact @tensorflow/tfjs@${version_core}.`;

let hasWarned = false;

/** Warns of a second copy, once. */
export function warnOfSecondCore(): void {
  if (hasWarned || !isSecondCoreLoaded()) return;
  hasWarned = true;
  const isNode = typeof process === 'object' && typeof process.emitWarning === 'function';
  if (isNode) process.emitWarning(WARNING, { type: 'AdamwBenchWarning', code: 'second-tfjs-core' });
  else console.warn(WARNING);
}
