/** Packs the package of a folder into another one, and refuses a tarball that is too large. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @returns the tarball and its bytes */
export function pack(folder, target, mostBytes) {
  mkdirSync(target, { recursive: true });
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', target], { cwd: folder, encoding: 'utf8' }),
  );
  const file = join(target, filename);
  const bytes = statSync(file).size;
  if (bytes > mostBytes) throw new Error(`${file} has ${bytes} bytes, more than ${mostBytes}`);
  return { file, bytes };
}
