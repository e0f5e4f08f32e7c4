/** The cpu backend: tfjs's plain JavaScript, which is the reference of the tests and runs wherever Node does. */
import { engine, setBackend } from '@tensorflow/tfjs-core';

/**
 * Makes cpu the current tfjs backend.
 * On first use it would print a banner that recommends tfjs-node. That is not printed: `doctor` and the manifest name
 * the backend in use, and what a faster one needs.
 */
export async function loadCpu(): Promise<{ version: string }> {
  const { version_cpu } = await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  (engine().backend as unknown as { firstUse: boolean }).firstUse = false;
  return { version: version_cpu };
}
