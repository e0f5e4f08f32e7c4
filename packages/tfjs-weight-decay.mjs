// Makes the package for tfjs programs: `npm run build:tfjs`, or `node packages/tfjs-weight-decay.mjs [folder for the tarball]`.
// It bundles dist/tf-optimizers, as a module and as CommonJS, copies the types that it needs, checks that nothing but
// tfjs-core is asked for, and packs it. Wants dist/.
import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild-wasm';
import { pack } from './pack.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const entry = join(dist, 'tf-optimizers', 'index.js');
const folder = join(root, 'packages', 'tfjs-weight-decay');
const peer = '@tensorflow/tfjs-core';
const MOST_BYTES = 60_000;

function fail(reason) {
  throw new Error(reason);
}

const readJson = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));

/** Only the entry does something when it is loaded: of the other files, those that it has no use for are left out. */
const unused = {
  name: 'unused',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false,
    })),
};

/** @param format esm or cjs, which is the name of its folder, too */
async function bundle(format) {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: join(folder, format, 'index.js'),
    format,
    bundle: true,
    platform: 'neutral',
    target: 'es2022',
    external: [peer],
    plugins: [unused],
    metafile: true,
    logLevel: 'warning',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const strangers = imports.map(({ path }) => path).filter((path) => path !== peer);
  if (strangers.length > 0) fail(`the ${format} bundle imports ${strangers.join(', ')}`);
  const foreign = Object.keys(metafile.inputs).filter((file) => file.includes('node_modules'));
  if (foreign.length > 0) fail(`the ${format} bundle has files of other packages: ${foreign.join(', ')}`);
}

/** The declarations that one asks for, with those that they ask for. */
function declarations(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, from] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"]([^'"]+)['"]/g)) {
    if (from.startsWith('.')) declarations(join(dirname(file), from.replace(/\.js$/, '.d.ts')), found);
    else if (from !== peer) fail(`the types of ${relative(root, file)} ask for ${from}`);
  }
  return found;
}

/** Copies the declarations as they lie in dist, and an index beside the bundle. */
function types(format) {
  const into = join(folder, format);
  for (const file of declarations(entry.replace(/\.js$/, '.d.ts')))
    cpSync(file, join(into, 'types', relative(dist, file)));
  writeFileSync(join(into, 'index.d.ts'), "export * from './types/tf-optimizers/index.js';\n");
}

function checkStated() {
  const stated = readJson(folder, 'package.json');
  const { version } = readJson(root, 'package.json');
  if (stated.version !== version)
    fail(`packages/tfjs-weight-decay has version ${stated.version}, adamw-bench ${version}`);
  if (stated.dependencies !== undefined) fail('packages/tfjs-weight-decay must have no dependencies');
}

checkStated();
for (const format of ['esm', 'cjs']) {
  rmSync(join(folder, format), { recursive: true, force: true });
  await bundle(format);
  types(format);
}
writeFileSync(join(folder, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
const { file, bytes } = pack(folder, resolve(process.argv[2] ?? join(root, 'packages')), MOST_BYTES);
const size = statSync(join(folder, 'esm', 'index.js')).size / 1000;
console.log(
  `build:tfjs: ${file}, ${(bytes / 1000).toFixed(1)} kB; a module of ${size.toFixed(1)} kB, types in ${readdirSync(join(folder, 'esm', 'types')).join(', ')}`,
);
