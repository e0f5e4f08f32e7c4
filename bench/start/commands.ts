/** The commands whose start is measured, and the folders that they work on. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { experimentOf, recordOf } from '../scale/synthetic.js';
import { runToEnd } from './child.js';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { plan } from '../../src/experiment/plan.js';
import { encodeLine } from '../../src/runner/journal.js';

export interface Command {
  readonly name: string;
  readonly args: readonly string[];
}

/** What everything else is compared with. */
export const nothing: Command = { name: 'node -e 0', args: ['-e', '0'] };

const program = fileURLToPath(new URL('../../bin/adamw-bench.js', import.meta.url));
const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const smoke = fileURLToPath(new URL('../../configs/smoke.yaml', import.meta.url));

/** A results folder with synthetic records of that many cells: its configuration and its journal. */
async function syntheticFolder(folder: string, cells: number): Promise<void> {
  const settings = experimentOf(cells);
  const jobs = plan(experimentSchema.parse(settings), 'onednn').jobs();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.yaml'), stringify(settings));
  await writeFile(join(folder, 'runs.jsonl'), [...jobs].map((job) => encodeLine(recordOf(job))).join(''));
}

/**
 * The commands, with what they need made in a folder.
 * @param records how many `report` reads
 * @throws Error where the smoke test does not run
 */
export async function prepareCommands(folder: string, records: number): Promise<Command[]> {
  const done = join(folder, 'done');
  const large = join(folder, 'large');
  await runToEnd([program, 'run', smoke, '--out', done, '--quiet']);
  await syntheticFolder(large, records);
  const ours = (name: string, ...args: string[]): Command => ({ name, args: [program, ...args] });
  return [
    nothing,
    ours('--version', '--version'),
    ours('--help', '--help'),
    ours('run --help', 'run', '--help'),
    ours('plan --no-time', 'plan', smoke, '--no-time'),
    ours('run, nothing to do', 'run', smoke, '--out', done, '--quiet'),
    ours(`report, ${records} records`, 'report', large),
    { name: 'a worker, until it is ready', args: [worker, 'onednn'] },
  ];
}
