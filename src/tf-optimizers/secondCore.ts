/**
 * Detects two copies of tfjs-core in one program: npm installs ours beside the program's own if the versions differ.
 * Both share one engine, but each has its own classes for `tf.loadLayersModel`. So the program's tfjs says "Unknown
 * layer: AdamW".
 */
import { env, Environment, version_core } from '@tensorflow/tfjs-core';

const { platform } = env();

/**
 * Whether another copy has been loaded. If before ours, the global environment is not of our class. If after, it has
 * replaced our platform by its own, of a class of the same name.
 */
export function isSecondCoreLoaded(): boolean {
  const now = env().platform.constructor;
  const isReplaced = now !== platform.constructor && now.name === platform.constructor.name;
  return !(env() instanceof Environment) || isReplaced;
}

const WARNING =
  `Two copies of @tensorflow/tfjs-core are loaded, the program's and version ${version_core} of the optimizers with ` +
  `weight decay, so that tf.loadLayersModel does not find AdamW and the others (Unknown layer): install exactly the ` +
  `tfjs that they use, with npm install --save-exact @tensorflow/tfjs@${version_core}.`;

let hasWarned = false;

/** Warns of a second copy, once. */
export function warnOfSecondCore(): void {
  if (hasWarned || !isSecondCoreLoaded()) return;
  hasWarned = true;
  const isNode = typeof process === 'object' && typeof process.emitWarning === 'function';
  if (isNode) process.emitWarning(WARNING, { type: 'AdamwBenchWarning', code: 'second-tfjs-core' });
  else console.warn(WARNING);
}
