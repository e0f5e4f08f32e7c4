/** `adamw-bench report` and `adamw-bench compare`: from journals to tables, figures and pages. */
import { Option, type Command } from 'commander';
import type { CompareFlags } from '../actions/report.js';
import { forceOption } from '../options.js';
import { wholeNumber } from '../units.js';

export function addReport(program: Command, finish: (code: number) => void): void {
  program
    .command('report')
    .description('rebuild CSVs, figures and report.html of a results folder from its journal alone')
    .argument('<dir>', 'results folder, e.g. results/quick')
    .option('--serve', 'serve the page on 127.0.0.1 and update it while a sweep runs')
    .addOption(
      new Option('--port <n>', 'port for --serve').argParser(wholeNumber(0, 65_535)).default(0, 'a free one'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  adamw-bench report results/quick\n  adamw-bench report results/cifar --serve   watch the heatmap fill',
    )
    .action(async (dir: string, flags: { serve?: boolean; port: number }) => {
      const { report, serve } = await import('../actions/report.js');
      finish(flags.serve ? await serve(dir, flags.port) : await report(dir));
    });
  program
    .command('compare')
    .description('put two results folders side by side')
    .argument('<a>', 'results folder')
    .argument('<b>', 'results folder')
    .option('-o, --out <file>', 'also write a page to this file')
    .option(...forceOption)
    .addHelpText(
      'after',
      '\nExample:\n  adamw-bench compare results/adam results/adamw --out comparison.html',
    )
    .action(async (a: string, b: string, flags: CompareFlags) => {
      const { compare } = await import('../actions/report.js');
      finish(await compare(a, b, flags));
    });
}
