/** `adamw-bench doctor`: which backends work here, and what the others need. */
import type { Command } from 'commander';
import type { DoctorFlags } from '../actions/doctor.js';

/** Adds the command to the program. */
export function addDoctor(program: Command, finish: (code: number) => void): void {
  program
    .command('doctor')
    .description('say for each backend whether it works here, on what device, and if not, what to install')
    .option('--json', 'print one JSON object')
    .option('--verbose', "show TensorFlow's own messages as it starts")
    .addHelpText('after', '\nExample:\n  adamw-bench doctor')
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import('../actions/doctor.js');
      finish(await doctor(flags));
    });
}
