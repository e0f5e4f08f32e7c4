/**
 * What run.ts bundles: boots jasmine, loads a backend, then tfjs-core's specs, and runs them.
 *
 * The last line is `N passed, N failed, N skipped`; skipped are the specs left out (exclusions.ts)
 * and those that tfjs itself does not run under Node.
 */
import { createRequire } from 'node:module';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { engine, env, registerBackend } from '../../src/backends/tfjs.js';
import { TFJS_BRIDGE } from '../../src/backends/tensorflowHome.js';
import { isExcluded, isSelected } from './exclusions.js';

/** The parts of jasmine's interface used here; jasmine-core ships no types. */
interface Spec {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'pending' | 'excluded';
  readonly failedExpectations: readonly { readonly message: string; readonly stack: string }[];
}
interface Jasmine {
  DEFAULT_TIMEOUT_INTERVAL: number;
  getEnv(): Environment;
}
interface Environment {
  configure(options: { random: boolean; specFilter: (spec: { getFullName(): string }) => boolean }): void;
  addReporter(reporter: { specDone(spec: Spec): void; suiteDone(suite: Spec): void }): void;
  execute(): Promise<{ overallStatus: string }>;
}

/** The package of a set-up asks for this program's tfjs: here that is the bundle's, in which the specs are. */
async function loadTensorflow(): Promise<void> {
  const [tfjs, core] = [await import('@tensorflow/tfjs'), await import('@tensorflow/tfjs-core')];
  // tfjs-node is compiled to ES5, whose constructors call the one above without `new`: the bundle's classes refuse that.
  function KernelBackend() {}
  KernelBackend.prototype = core.KernelBackend.prototype;
  const bundled: Record<string, unknown> = {
    '@tensorflow/tfjs': { ...tfjs, KernelBackend },
    '@tensorflow/tfjs-core': { ...core, KernelBackend },
  };
  Object.assign(globalThis, { [TFJS_BRIDGE]: (name: string) => bundled[name] });
  await (await import('../../src/backends/tensorflow.js')).loadTensorflow({ threads: 1 });
}

/**
 * Each group of specs resets tfjs's engine, which disposes of its backends and forgets their settings. Here the device
 * stays, since its kernels take long to compile.
 */
async function loadWebgpu(): Promise<void> {
  await (await import('../../src/backends/webgpu/index.js')).loadWebgpu();
  const { backend } = engine();
  const forward = env().getBool('WEBGPU_CPU_FORWARD');
  backend.dispose = () => undefined;
  engine().removeBackend('webgpu');
  registerBackend('webgpu', () => {
    env().set('WEBGPU_CPU_FORWARD', forward);
    return backend;
  });
}

/** Makes the backend ready; false where it does not load on this machine. */
async function load(backend: string): Promise<boolean> {
  try {
    if (backend === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
    else if (backend === 'wasm') await (await import('../../src/backends/wasm/index.js')).loadWasm();
    else if (backend === 'tensorflow') await loadTensorflow();
    else if (backend === 'webgpu') await loadWebgpu();
    else await (await import('../../src/backends/onednn/index.js')).loadOnednn({ threads: 1 });
    return true;
  } catch (error) {
    console.log(`The ${backend} backend did not load: ${(error as Error).message}`);
    return false;
  }
}

async function run(backend: string, filter: string, allowMissing: boolean): Promise<number> {
  const jasmine = (createRequire(__filename)('jasmine-core') as { boot(): Jasmine }).boot();
  // A software device that shares its cores is slow at times.
  jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;
  const environment = jasmine.getEnv();
  if (!(await load(backend))) {
    if (allowMissing) console.log('skipped');
    return allowMissing ? 0 : 1;
  }
  setTestEnvs([{ name: backend, backendName: backend, isDataSync: backend !== 'webgpu' }]);
  await import('tfjs-core-specs');

  const count = { passed: 0, failed: 0, skipped: 0 };
  const report = (spec: Spec): void => {
    count.failed++;
    console.log(`FAILED ${spec.fullName}`);
    for (const { message, stack } of spec.failedExpectations) {
      console.log(`  ${message.slice(0, 500)}\n${(stack ?? '').split('\n').slice(0, 4).join('\n')}`);
    }
  };
  environment.configure({
    random: false,
    specFilter: (spec) => {
      const name = spec.getFullName();
      return name.includes(filter) && isSelected(backend, name) && !isExcluded(backend, name);
    },
  });
  environment.addReporter({
    specDone: (spec) => {
      if (spec.status === 'failed') report(spec);
      else if (spec.status === 'passed') count.passed++;
      else count.skipped++;
    },
    // A suite fails by itself where its beforeAll or afterAll does.
    suiteDone: (suite) => {
      if (suite.failedExpectations.length > 0) report(suite);
    },
  });
  const { overallStatus } = await environment.execute();
  if (count.passed + count.failed === 0) console.log('No spec ran.');
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  const ranAll = overallStatus === 'passed' || (overallStatus === 'incomplete' && count.failed === 0);
  return ranAll && count.failed === 0 && count.passed > 0 ? 0 : 1;
}

const [backend = '', filter = '', missing = ''] = process.argv.slice(2);
// Not process.exit at once: output may still be on its way down a pipe.
run(backend, filter, missing === 'allow-missing').then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
