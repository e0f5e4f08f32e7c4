/**
 * Runs tfjs-core's own compiled test-suite against one of our backends.
 *
 *   npm run test:tfjs-core -- onednn|wasm|cpu|tensorflow|webgpu [--filter PART_OF_A_SPEC_NAME] [--allow-missing]
 *
 * The suite ships in the npm package of tfjs-core as ES modules whose imports lack extensions, so it is bundled first,
 * together with the backend (both have to share one tfjs-core), and runs in a process of its own.
 * Exit code 0 when every spec that ran passed, and at least one ran. With --allow-missing, also where the backend does
 * not load on this machine; the line "skipped" then says that nothing was tested.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { useSoftwareDevice } from '../backends/webgpu/swiftshader.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const core = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json'));

/** The spec files, as a module that imports them all. They register their specs when they are loaded. */
const allSpecs: Plugin = {
  name: 'all-specs',
  setup(setup) {
    setup.onResolve({ filter: /^tfjs-core-specs$/ }, () => ({ path: 'specs', namespace: 'specs' }));
    setup.onLoad({ filter: /.*/, namespace: 'specs' }, () => {
      const files = readdirSync(join(core, 'dist'), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('_test.js'))
        .sort();
      return {
        contents: files.map((file) => `import ${JSON.stringify(`./${file}`)};`).join('\n'),
        resolveDir: join(core, 'dist'),
      };
    });
  },
};

/** Our modules that load a package of tfjs by `require`, by the ends of their paths. */
const required = {
  'backends/tfjs.ts': "export * from '@tensorflow/tfjs-core';",
  'backends/tfjsCpu.ts': "export * from '@tensorflow/tfjs-backend-cpu';",
  'backends/webgpu/tfjsPackage.ts':
    "import * as webgpu from '@tensorflow/tfjs-backend-webgpu'; export const loadPackage = () => webgpu;",
};

/** In the bundle, backends share the tfjs-core of the specs: what is loaded by `require` otherwise is imported. */
const sharedCore: Plugin = {
  name: 'shared-core',
  setup(setup) {
    for (const [file, contents] of Object.entries(required))
      setup.onLoad({ filter: new RegExp(`/src/${file.replace('.', '\\.')}$`) }, () => ({
        loader: 'ts',
        contents,
      }));
  },
};

/** Our sources find their addon and .wasm files beside themselves: in the bundle they keep their own address. */
const ownAddress: Plugin = {
  name: 'own-address',
  setup(setup) {
    setup.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const contents = readFileSync(path, 'utf8');
      return {
        loader: 'ts',
        contents: contents.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      };
    });
  },
};

async function bundle(outfile: string): Promise<void> {
  mkdirSync(dirname(outfile), { recursive: true });
  await build({
    entryPoints: [join(root, 'test/tfjs-core/suite.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // ES modules throughout, so that the specs and the backend meet in one copy of tfjs-core.
    mainFields: ['module', 'main'],
    // tfjs-core declares itself free of side effects, which would shake the spec files away.
    ignoreAnnotations: true,
    // jasmine and Dawn look for their own files; .node files are loaded, not bundled; tfjs-node is optional.
    external: ['jasmine-core', 'webgpu', '*.node', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'],
    plugins: [allSpecs, sharedCore, ownAddress],
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { filter: { type: 'string', default: '' }, 'allow-missing': { type: 'boolean', default: false } },
});
const backend = positionals[0];
if (backend === undefined || !['onednn', 'wasm', 'cpu', 'tensorflow', 'webgpu'].includes(backend)) {
  console.error(
    'Name the backend to test: npm run test:tfjs-core -- onednn|wasm|cpu|tensorflow|webgpu [--filter NAME] [--allow-missing]',
  );
  process.exit(2);
}
if (backend === 'webgpu') useSoftwareDevice();
const outfile = join(root, 'node_modules/.cache/adamw-bench/tfjs-core-suite.cjs');
await bundle(outfile);
console.log(`tfjs-core's specs on ${backend} (${relative(root, outfile)})`);
const args = [outfile, backend, values.filter, values['allow-missing'] ? 'allow-missing' : ''];
const child = spawnSync(process.execPath, ['--enable-source-maps', ...args], { stdio: 'inherit' });
process.exit(child.status ?? 1);
