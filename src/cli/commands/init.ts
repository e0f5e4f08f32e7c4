/** `adamw-bench init`: a commented configuration to start from. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { bundledConfigs, loadExperiment, starterYaml } from '../../config/index.js';
import { explainingFiles } from '../../files/problem.js';
import { exitCode } from '../exit.js';

export function addInit(program: Command, finish: (code: number) => void): void {
  program
    .command('init')
    .description('write a commented starter configuration')
    .argument('[file]', 'file to write', 'experiment.yaml')
    .option('--list', 'show the configurations that come with adamw-bench; `run` and `plan` take their names')
    .addHelpText(
      'after',
      '\nExamples:\n  adamw-bench init mine.yaml && adamw-bench run mine.yaml\n  adamw-bench init --list',
    )
    .action(async (file: string, flags: { list?: boolean }) =>
      finish(flags.list ? list() : await init(file)),
    );
}

/** Each bundled configuration with its description, a line each. */
function list(): number {
  const all = bundledConfigs();
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, path } of all) {
    console.log(`${name.padEnd(width)}  ${loadExperiment(path).description.split('\n')[0]}`);
  }
  return exitCode.ok;
}

async function init(file: string): Promise<number> {
  await explainingFiles(file, () => writeFile(file, starterYaml(), { flag: 'wx' }), {
    remedy: 'Name another file: adamw-bench init other.yaml',
  });
  console.log(`Wrote ${file}. Next: adamw-bench plan ${file}, then adamw-bench run ${file}`);
  return exitCode.ok;
}
