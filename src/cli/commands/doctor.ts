/** `adamw-bench doctor`: which backends work here, and what the others need. */
import { Option, type Command } from 'commander';
import { BACKEND_NAMES } from '../../backends/backend.js';
import { numberFromZero } from '../units.js';
import type { DoctorFlags } from '../actions/doctor.js';

const examples = `
Examples:
  adamw-bench doctor
  adamw-bench doctor --bench                     half a minute: a line to paste into an issue
  adamw-bench doctor --bench --backend webgpu    the same for a backend by its name`;

/** Adds the command to the program. */
export function addDoctor(program: Command, finish: (code: number) => void): void {
  program
    .command('doctor')
    .description('say for each backend whether it works here, on what device, and if not, what to install')
    .option('--json', 'print one JSON object')
    .option('--verbose', "show TensorFlow's own messages as it starts")
    .option('--bench', 'train four networks for some seconds each and print their images/s in one line')
    .addOption(
      new Option('--backend <name>', 'what --bench measures (default: what a run would take)').choices(
        BACKEND_NAMES,
      ),
    )
    .option('--seconds <n>', 'how long --bench measures each network (default: 3)', numberFromZero('3'))
    .addHelpText('after', examples)
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import('../actions/doctor.js');
      finish(await doctor(flags));
    });
}
