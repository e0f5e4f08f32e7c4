/** What `adamw-bench doctor` does. */
import { probeBackends, type BackendName, type BackendReport } from '../../backends/index.js';
import { DataError, resolveDataDir } from '../../data/index.js';
import { usableCpus } from '../../runner/cpuQuota.js';
import { hostFacts, packageVersion } from '../../runner/manifest.js';
import { exitCode, UsageError } from '../exit.js';
import { buildAdvice, cautiousManager } from '../packageManager.js';
import { libraryVersion } from '../units.js';

export interface DoctorFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** Measures speed instead. */
  readonly bench?: boolean;
  readonly backend?: BackendName;
  readonly seconds?: number;
}

/** Says for each backend whether it works here, or how fast one is; returns the exit code. */
export async function doctor({ bench, backend, json = false, ...flags }: DoctorFlags): Promise<number> {
  if (bench) {
    const { measureSpeed } = await import('./speed.js');
    return measureSpeed(backend ?? 'auto', { json, seconds: flags.seconds });
  }
  if (backend !== undefined || flags.seconds !== undefined)
    throw new UsageError('--backend and --seconds say what --bench measures: add --bench.');
  return examine(json, flags.verbose ?? false);
}

async function examine(json: boolean, verbose: boolean): Promise<number> {
  const backends = await probeBackends({ verbose, thorough: true });
  const host = hostFacts();
  const working = backends.some(({ available }) => available);
  const manager = cautiousManager();
  const unbuilt =
    manager !== undefined && backends.some(({ name, available }) => name === 'onednn' && !available);
  const advice = unbuilt ? { advice: buildAdvice[manager] } : {};
  if (json)
    console.log(
      JSON.stringify({ version: packageVersion, node: process.version, host, backends, ...advice }),
    );
  else {
    console.log(`adamw-bench ${packageVersion}, Node ${process.version}, ${host.platform}`);
    const usable = usableCpus();
    const allowed = usable < host.cores ? ` (the container's CPU quota allows ${usable})` : '';
    console.log(`${host.cpu}, ${host.cores} cores${allowed}, ${(host.memoryBytes / 2 ** 30).toFixed(1)} GiB`);
    console.log(`${dataFolder()}\n`);
    for (const report of backends) console.log(describe(report));
    if (unbuilt) console.log(`\n${buildAdvice[manager]}`);
  }
  return working ? exitCode.ok : exitCode.unexpected;
}

/** The data folder, or why there is none. That does not end the doctor. */
function dataFolder(): string {
  try {
    return `data folder ${resolveDataDir()}`;
  } catch (error) {
    if (error instanceof DataError) return error.message;
    throw error;
  }
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
