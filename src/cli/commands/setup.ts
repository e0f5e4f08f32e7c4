/** `adamw-bench setup`: installs TensorFlow in the user's folder, checks it, removes it. */
import { Argument, type Command } from 'commander';
import { HOME_VARIABLE } from '../../backends/tensorflowHome.js';
import type { SetupFlags } from '../actions/setup.js';

const examples = `
Examples:
  adamw-bench setup cuda                  for an NVIDIA GPU: 3.4 GB to download, 5.6 GB on disk
  adamw-bench setup tensorflow            TensorFlow's CPU kernels: 274 MB, 0.9 GB on disk
  adamw-bench setup --check               what is set up, and whether it works
  adamw-bench setup cuda --from wheels/   without a network, from files in a folder: see docs/gpu.md

If a set-up was stopped, the same command continues it.
Exit codes: 0 set up and working, 1 unexpected error, 2 cannot be set up here, or (--check) does not work.`;

/** Adds the command to the program. */
export function addSetup(program: Command, finish: (code: number) => void): void {
  program
    .command('setup')
    .description('install TensorFlow for `backend: tensorflow`, with or without CUDA')
    .addArgument(
      new Argument('[what]', 'cuda: for an NVIDIA GPU; tensorflow: for the CPU').choices([
        'tensorflow',
        'cuda',
      ]),
    )
    .option('--check', 'say what is set up and whether it works; changes nothing')
    .option('--remove', 'delete the set-up')
    .option('--from <dir>', 'install from the files in this folder, without a network')
    .option('--dir <dir>', `put it into this folder (default: $${HOME_VARIABLE} or the cache folder)`)
    .option('--verbose', "show TensorFlow's own messages while it is tried")
    .addHelpText('after', examples)
    .action(async (what: string | undefined, flags: SetupFlags) => {
      const { setup } = await import('../actions/setup.js');
      finish(await setup(what, flags));
    });
}
