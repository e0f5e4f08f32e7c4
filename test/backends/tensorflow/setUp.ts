/**
 * The set-up that these tests run on: `adamw-bench setup tensorflow` (or `cuda`) makes it, ADAMW_BENCH_TENSORFLOW
 * names its folder. Where there is none they are skipped. None of these tests loads the onednn backend: its addon and
 * TensorFlow's libraries do not go together in one process.
 */
import { hasFunctionsAddon } from '../../../src/backends/tensorflow/functionsAddon.js';
import { HOME_VARIABLE, readSetUp, tensorflowHome } from '../../../src/backends/tensorflowHome.js';

const folder = tensorflowHome();
export const missing = readSetUp(folder) === undefined;
if (missing) console.warn(`skipped: TensorFlow is not set up in ${folder} (adamw-bench setup tensorflow)`);

/** Where the set-up was made by an earlier version, without our addon of recorded steps. */
export const cannotRecord = missing || !hasFunctionsAddon(folder);
if (cannotRecord && !missing)
  console.warn(`recorded steps skipped: ${folder} is an old set-up; set up again`);

/** For processes whose home is another. */
export const env: Readonly<Record<string, string>> = { [HOME_VARIABLE]: folder };
