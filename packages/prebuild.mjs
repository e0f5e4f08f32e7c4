// Makes the platform package: `npm run prebuild`, or `node packages/prebuild.mjs [folder for the tarball]`.
// It builds the addon, lays it into packages/onednn-linux-x64 with the libraries that it needs and their licences,
// checks what the package states, tries it, and packs it. Made for Debian 12, whose oneDNN it brings.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack } from './pack.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'packages', 'onednn-linux-x64');
const addon = 'adamw_onednn.node';
const built = join(root, 'native', 'build', 'Release', addon);

/** Debian packages whose libraries are brought. */
const brought = ['libdnnl2', 'libgomp1', 'ocl-icd-libopencl1'];

/**
 * Libraries of the system that every official Node has loaded before it loads an addon. A copy of libstdc++ or libgcc_s
 * in the package would never be used: the loader takes the one of the same name that is in the process.
 */
const ofNode = /^(linux-vdso|ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libstdc\+\+|libgcc_s)\.so/;

const MOST_BYTES = 30e6;

const output = (command, ...args) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 }).trim();

function fail(reason) {
  throw new Error(reason);
}

function build() {
  const env = { ...process.env, ADAMW_BENCH_REQUIRE_NATIVE: '1' };
  execFileSync(process.execPath, [join(root, 'native', 'install.mjs')], { stdio: 'inherit', env });
}

function empty() {
  for (const name of readdirSync(folder))
    if (/\.node$|\.so\.|^licences$/.test(name)) rmSync(join(folder, name), { recursive: true });
}

/** The libraries that the loader would take for the addon here, without Node's own: name -> file. */
function libraries() {
  const lines = output('ldd', built).split('\n');
  const found = lines.map((line) => /^\s*(\S+) => (\/\S+)/.exec(line)).filter(Boolean);
  const missing = lines.filter((line) => line.includes('not found'));
  if (missing.length > 0) fail(`libraries are missing: ${missing.join('; ')}`);
  return found.filter(([, name]) => !ofNode.test(name)).map(([, name, file]) => [name, realpathSync(file)]);
}

/** The Debian package that a library is from, with the package and version of its source code. */
function origin(file) {
  // dpkg knows /usr/lib/..., the loader may say /lib/...
  const name = output('dpkg', '-S', file.replace(/^\/lib\//, '/usr/lib/')).split(':')[0];
  if (!brought.includes(name))
    fail(`${file} is from the Debian package ${name}, whose licence this script does not know`);
  const [source, version] = output('dpkg-query', '-W', '-f', '${source:Package} ${source:Version}\n', name)
    .split('\n')[0]
    .split(' ');
  return { name, source, version };
}

/** Copies a library and its licence. @returns the line about it in licences/README */
function bring([name, file]) {
  copyFileSync(file, join(folder, name));
  const { name: debian, source, version } = origin(file);
  copyFileSync(`/usr/share/doc/${debian}/copyright`, join(folder, 'licences', `${name}.txt`));
  return `${name}: Debian package ${debian}, source https://snapshot.debian.org/package/${source}/${version}/`;
}

function bringLicences(lines) {
  const into = (name) => join(folder, 'licences', name);
  copyFileSync(join(root, 'LICENSE'), into('adamw-bench.txt'));
  copyFileSync(join(root, 'node_modules', 'node-addon-api', 'LICENSE.md'), into('node-addon-api.txt'));
  for (const text of ['Apache-2.0', 'GPL-3'])
    copyFileSync(`/usr/share/common-licenses/${text}`, into(`${text}.txt`));
  const text = [
    'The files of this package and where their source code is. Their licences lie here under their names; the full texts',
    'of Apache-2.0 and GPL-3, which they refer to, beside them. The libraries are unchanged.',
    '',
    `${addon}: adamw-bench, https://www.npmjs.com/package/adamw-bench, folder native/; with headers of node-addon-api`,
    ...lines,
  ];
  writeFileSync(into('README.txt'), `${text.join('\n')}\n`);
}

/** The newest version of the GNU C library that a file asks for. */
function glibcOf(file) {
  const versions = [...output('objdump', '-p', file).matchAll(/\bGLIBC_(\d+)\.(\d+)/g)];
  return Math.max(...versions.map(([, major, minor]) => Number(major) * 1000 + Number(minor)));
}

function check(names) {
  const stated = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (stated.version !== version)
    fail(`packages/onednn-linux-x64 has version ${stated.version}, adamw-bench ${version}`);
  const needed = Math.max(...names.map((name) => glibcOf(join(folder, name))));
  const glibc = `${Math.floor(needed / 1000)}.${needed % 1000}`;
  if (stated.glibc !== glibc)
    fail(
      `the files need glibc ${glibc}, and package.json states ${stated.glibc}; build it on Debian 12, or correct it`,
    );
  return version;
}

/** Loads the addon in a process of its own; its libraries must be those beside it. */
function tryIt(names, version) {
  const program = `
    const { facts } = require(${JSON.stringify(join(folder, addon))});
    const maps = require('node:fs').readFileSync('/proc/self/maps', 'utf8');
    const files = maps.split('\\n').map((line) => line.slice(line.indexOf('/'))).filter((file) => /\\.(node$|so)/.test(file));
    console.log(JSON.stringify({ ...facts(), files: [...new Set(files)] }));`;
  const found = JSON.parse(output(process.execPath, '-e', program));
  const inside = found.files
    .filter((file) => dirname(file) === folder)
    .map((file) => file.slice(folder.length + 1));
  const foreign = found.files.filter(
    (file) => dirname(file) !== folder && !ofNode.test(file.split('/').at(-1)),
  );
  if (foreign.length > 0) fail(`it also loads ${foreign.join(', ')}`);
  if (names.some((name) => !inside.includes(name))) fail(`it loads only ${inside.join(', ')}`);
  if (found.builtFrom !== version) fail(`the addon was built from version ${found.builtFrom}`);
  return found.version;
}

build();
empty();
mkdirSync(join(folder, 'licences'));
copyFileSync(built, join(folder, addon));
const found = libraries();
bringLicences(found.map(bring));
const names = [addon, ...found.map(([name]) => name)];
const onednn = tryIt(names, check(names));
const { file, bytes } = pack(folder, resolve(process.argv[2] ?? join(root, 'packages')), MOST_BYTES);
console.log(`prebuild: ${file}, ${(bytes / 1e6).toFixed(1)} MB, oneDNN ${onednn}: ${names.join(', ')}`);
