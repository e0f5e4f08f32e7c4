/** tfjs's package of its backend `webgpu`; loaded in the way of ../tfjs.ts, for the same reason. */
import { createRequire } from 'node:module';
import type * as Webgpu from '@tensorflow/tfjs-backend-webgpu';
import { missing, TFJS_PACKAGE } from './adapter.js';

const require = createRequire(import.meta.url);

/**
 * The package. It asks for `navigator.gpu` as it makes a backend, and where it finds it, registers its own.
 * @throws BackendError where it is not installed
 */
export function loadPackage(): typeof Webgpu {
  try {
    return require(TFJS_PACKAGE) as typeof Webgpu;
  } catch (error) {
    throw missing(TFJS_PACKAGE, error);
  }
}
