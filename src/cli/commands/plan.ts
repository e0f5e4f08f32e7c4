/** `adamw-bench plan`: the cells of an experiment, and how long they would take here. */
import type { Command } from 'commander';
import { setOption } from '../options.js';
import { wholeNumber } from '../units.js';
import type { PlanFlags } from '../actions/plan.js';

const examples = `
Examples:
  adamw-bench plan configs/cifar-cpu.yaml               cells, and an estimate from a few timed steps
  adamw-bench plan configs/cifar.yaml --no-time         cells only: needs no data
  adamw-bench plan configs/cifar-cpu.yaml --backends    also how long a step takes on each backend that works

Without the data it shows the cells without a time.

With --json, "seconds" is the time of the sweep on its workers, "workerSeconds" the time of all cells one after the other,
"stepSeconds" the time of one step.`;

export function addPlan(program: Command, finish: (code: number) => void): void {
  program
    .command('plan')
    .description('show the cells of a configuration and estimate the time they take')
    .argument('<config>', 'YAML file, or the name of a configuration that `init --list` shows')
    .addOption(setOption('override a setting (repeatable)'))
    .option('--data-dir <dir>', 'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)')
    .option('-w, --workers <n>', 'worker processes (default: one per core, or per GPU)', wholeNumber(1))
    .option('--no-time', 'do not train a few steps for the estimate')
    .option('--backends', 'also time a step on every backend that works here, each in a process of its own')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action(async (config: string, flags: PlanFlags) => {
      const { showPlan } = await import('../actions/plan.js');
      finish(await showPlan(config, flags));
    });
}
