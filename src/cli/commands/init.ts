/** `adamw-bench init`: a commented configuration to start from. */
import type { Command } from 'commander';

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
    .action(async (file: string, flags: { list?: boolean }) => {
      const { init, list } = await import('../actions/init.js');
      finish(flags.list ? list() : await init(file));
    });
}
