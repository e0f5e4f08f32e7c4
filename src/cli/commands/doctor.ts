/** `adamw-bench doctor`: what computes here, and what would if something were installed. */
import type { Command } from 'commander';
import { probeBackends, type BackendReport } from '../../backends/index.js';
import { resolveDataDir } from '../../data/index.js';
import { hostFacts, packageVersion } from '../../sweep/manifest.js';
import { exitCode } from '../exit.js';
import { libraryVersion } from '../units.js';

/** Adds the command to the program. */
export function addDoctor(program: Command, finish: (code: number) => void): void {
  program
    .command('doctor')
    .description('say for each backend whether it works here, on what device, and if not, what to install')
    .option('--json', 'print one JSON object')
    .option('--verbose', "show TensorFlow's own messages as it starts")
    .addHelpText('after', '\nExample:\n  adamw-bench doctor')
    .action(async (flags: DoctorFlags) => finish(await doctor(flags)));
}

interface DoctorFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

async function doctor({ json = false, verbose = false }: DoctorFlags): Promise<number> {
  const backends = await probeBackends({ verbose, thorough: true });
  const host = hostFacts();
  const working = backends.some(({ available }) => available);
  if (json) console.log(JSON.stringify({ version: packageVersion, node: process.version, host, backends }));
  else {
    console.log(`adamw-bench ${packageVersion}, Node ${process.version}, ${host.platform}`);
    console.log(`${host.cpu}, ${host.cores} cores, ${(host.memoryBytes / 2 ** 30).toFixed(1)} GiB`);
    console.log(`data folder ${resolveDataDir()}\n`);
    for (const report of backends) console.log(describe(report));
  }
  return working ? exitCode.ok : exitCode.unexpected;
}

function describe({
  name,
  available,
  device,
  version,
  threads,
  facts = {},
  reason,
  advice,
}: BackendReport): string {
  const head = `${available ? 'works' : 'no   '}  ${name.padEnd(10)}`;
  const about = available
    ? [
        device,
        libraryVersion({ name, version }),
        threads === undefined ? '' : `${threads} thread${threads === 1 ? '' : 's'}`,
      ]
    : [reason, advice];
  const details = Object.entries(facts).map(([key, value]) => `                  ${key}: ${value}`);
  return [`${head} ${about.filter(Boolean).join(available ? ', ' : ' ')}`, ...details].join('\n');
}
