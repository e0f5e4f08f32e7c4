/** The cpu backend: tfjs's plain JavaScript. It runs wherever Node runs, and tests take it for the reference. */
import { engine, setBackend } from './tfjs.js';

/**
 * Makes cpu the current tfjs backend. Hides the banner of its first use, which recommends tfjs-node: `doctor` and the
 * manifest say which backend is in use and what a faster one needs.
 */
export async function loadCpu(): Promise<{ version: string }> {
  const { version_cpu } = await import('./tfjsCpu.js');
  await setBackend('cpu');
  (engine().backend as unknown as { firstUse: boolean }).firstUse = false;
  return { version: version_cpu };
}
