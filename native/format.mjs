// Formats the C++ of this folder with clang-format, or checks that it is formatted.
//   node native/format.mjs [--check]
// The style is in .clang-format. CI has clang-format 14; CLANG_FORMAT names another program.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const program = process.env.CLANG_FORMAT ?? 'clang-format';
const check = process.argv.includes('--check');

const version = spawnSync(program, ['--version'], { encoding: 'utf8' });
if (version.status !== 0) {
  const inCI = Boolean(process.env.CI);
  const outcome = inCI ? 'an error, as CI is set' : check ? 'not checked' : 'not formatted';
  console.error(`native: ${outcome}: "${program}" does not run here; apt-get install clang-format`);
  process.exit(inCI || !check ? 1 : 0);
}

const files = ['.', 'simd'].flatMap((folder) =>
  readdirSync(join(here, folder))
    .filter((name) => /\.(cc|h|inc|def)$/.test(name))
    .map((name) => join(folder, name)),
);
const arguments_ = check ? ['--dry-run', '--Werror'] : ['-i'];
const { status } = spawnSync(program, [...arguments_, ...files], { cwd: here, stdio: 'inherit' });
if (status !== 0) console.error('native: not formatted; run: npm run format:native');
else
  console.log(`native: ${files.length} files ${check ? 'are' : 'now'} formatted (${version.stdout.trim()})`);
process.exit(status === 0 ? 0 : 1);
