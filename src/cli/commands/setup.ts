/** `adamw-bench setup`: bring TensorFlow to this machine, look at it, take it away. */
import { Argument, type Command } from 'commander';
import { HOME_VARIABLE } from '../../backends/tensorflowHome.js';
import type { SetupFlags } from '../actions/setup.js';

const examples = `
Examples:
  adamw-bench setup cuda                  for an NVIDIA GPU: 3.4 GB to download, 6 GB on disk
  adamw-bench setup tensorflow            TensorFlow's CPU kernels: 274 MB, 0.9 GB on disk
  adamw-bench setup --check               what is there, and whether it works
  adamw-bench setup cuda --from wheels/   without a network, from files that you have brought: see docs/gpu.md

A set-up that was stopped goes on where it was when it is run again.
Exit codes: 0 it is set up and works, 1 unexpected error, 2 it cannot be set up here, or (--check) is not.`;

/** Adds the command to the program. */
export function addSetup(program: Command, finish: (code: number) => void): void {
  program
    .command('setup')
    .description('bring TensorFlow to this machine for `backend: tensorflow`, with or without CUDA')
    .addArgument(
      new Argument('[what]', 'cuda: for an NVIDIA GPU; tensorflow: for the CPU').choices([
        'tensorflow',
        'cuda',
      ]),
    )
    .option('--check', 'say what is there and whether it works; changes nothing')
    .option('--remove', 'take all of it away')
    .option('--from <dir>', 'install from the files in this folder, without a network')
    .option('--dir <dir>', `put it into this folder (default: $${HOME_VARIABLE} or the cache folder)`)
    .option('--verbose', "show TensorFlow's own messages while it is tried")
    .addHelpText('after', examples)
    .action(async (what: string | undefined, flags: SetupFlags) => {
      const { setup } = await import('../actions/setup.js');
      finish(await setup(what, flags));
    });
}
