/** A backend that a machine may lack: a test of it is then skipped, with the reason. */
import * as tf from '@tensorflow/tfjs-core';
import type { TestContext } from 'vitest';
import { loadOnednn } from '../../src/backends/onednn/index.js';
import { loadWasm } from '../../src/backends/wasm/index.js';

export async function use(backend: string, context: TestContext): Promise<void> {
  try {
    if (backend === 'onednn') await loadOnednn({ threads: 1 });
    if (backend === 'wasm') await loadWasm();
  } catch (error) {
    context.skip((error as Error).message);
  }
  await tf.setBackend(backend);
}
