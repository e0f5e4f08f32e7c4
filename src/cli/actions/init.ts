/** What `adamw-bench init` does. */
import { writeFile } from 'node:fs/promises';
import { bundledConfigs, loadExperiment, starterYaml } from '../../config/index.js';
import { explainingFiles } from '../../files/problem.js';
import { exitCode } from '../exit.js';

/** Each bundled configuration with its description, a line each. */
export function list(): number {
  const all = bundledConfigs();
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, path } of all) {
    console.log(`${name.padEnd(width)}  ${loadExperiment(path).description.split('\n')[0]}`);
  }
  return exitCode.ok;
}

/** Writes a starter configuration; returns the exit code. */
export async function init(file: string): Promise<number> {
  await explainingFiles(file, () => writeFile(file, starterYaml(), { flag: 'wx' }), {
    remedy: 'Name another file: adamw-bench init other.yaml',
  });
  console.log(`Wrote ${file}. Next: adamw-bench plan ${file}, then adamw-bench run ${file}`);
  return exitCode.ok;
}
