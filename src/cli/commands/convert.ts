/** `adamw-bench convert`: a weight decay of one library in the words of another. */
import { Option, type Command } from 'commander';
import type { ConvertFlags } from '../actions/convert.js';
import { numberFromZero, wholeNumber } from '../units.js';

const examples = `
Examples:
  adamw-bench convert --from pytorch --to keras lr=3e-4 wd=0.1 --epochs 100 --batch 128 --images 50000 --schedule cosine
                                         AdamW in PyTorch, the same in Keras 3
  adamw-bench convert --from pytorch.Adam --to optax lr=1e-3 wd=1e-4
                                         Adam with L2; names of optimizers follow the library's
  adamw-bench convert --from pytorch.NAdam --to paper lr=2e-3 wd=0.01 decoupled_weight_decay=true
  adamw-bench convert --from keras.Adam --to pytorch lr=1e-3 l2=5e-5
                                         a penalty of the layers, keras.regularizers.L2(5e-5)
  adamw-bench convert --from pytorch lr=3e-4 wd=0.1 --epochs 100 --batch 128 --images 50000 --table
                                         the same decay in all conventions
  adamw-bench convert --list             libraries, their optimizers, and the decay of each

Settings: lr, wd, eps, beta1, beta2, momentum, rho, or the library's own names. The rest has the library's defaults.
Epochs, batch and images are needed for tau, for the total decay, and for the conventions that depend on them.
docs/decay.md explains the conventions.
Exit codes: 0 there is an equal setting, 1 unexpected error, 2 there is none, or refused (names, numbers).`;

export function addConvert(program: Command, finish: (code: number) => void): void {
  program
    .command('convert')
    .description("say what a library's learning rate and weight decay are in another library")
    .argument('[settings...]', 'lr=VALUE wd=VALUE and others')
    .option('--from <library>', 'the library, or library.Optimizer (default: its AdamW)')
    .option('--to <library>', 'the other one (default: its optimizer of the same rule and decay)')
    .option('--table', 'the setting in all conventions, instead of --to')
    .option('--list', 'libraries, optimizers, and their decay')
    .option('--epochs <n>', 'epochs of the run', wholeNumber(1))
    .option('--batch <n>', 'images of a step', wholeNumber(1))
    .option('--images <n>', 'training images, or examples', wholeNumber(1))
    .addOption(
      new Option(
        '--schedule <name>',
        'of the learning rate: constant, step, cosine, or as in a configuration, e.g. "{name: step, at: [0.5]}"',
      ).default('constant'),
    )
    .addOption(
      new Option('--warmup <epochs>', 'epochs of linear warm-up before it')
        .argParser(numberFromZero('5'))
        .default(0, 'none'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action(async (settings: string[], flags: ConvertFlags) => {
      const { convertSetting } = await import('../actions/convert.js');
      finish(convertSetting(settings, flags));
    });
}
