/** `adamw-bench init`: a commented configuration to start from. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { starterYaml } from '../../config/index.js';
import { explainingFiles } from '../../files/problem.js';
import { exitCode } from '../exit.js';

/** Adds the command to the program. */
export function addInit(program: Command, finish: (code: number) => void): void {
  program
    .command('init')
    .description('write a commented starter configuration')
    .argument('[file]', 'file to write', 'experiment.yaml')
    .addHelpText('after', '\nExample:\n  adamw-bench init mine.yaml && adamw-bench run mine.yaml')
    .action(async (file: string) => finish(await init(file)));
}

async function init(file: string): Promise<number> {
  await explainingFiles(file, () => writeFile(file, starterYaml(), { flag: 'wx' }), {
    remedy: 'Name another file: adamw-bench init other.yaml',
  });
  console.log(`Wrote ${file}. Next: adamw-bench plan ${file}, then adamw-bench run ${file}`);
  return exitCode.ok;
}
