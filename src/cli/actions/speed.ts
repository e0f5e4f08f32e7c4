/** What `adamw-bench doctor --bench` does: one line that says how fast this machine trains. */
import { release } from 'node:os';
import { listGpus } from '../../backends/gpus.js';
import { useBackend, type BackendName, type BackendReport } from '../../backends/index.js';
import { hostFacts, packageVersion } from '../../runner/manifest.js';
import { speedNetworks } from '../../train/speedNetworks.js';
import { imagesPerSecond, type Duration } from '../../train/throughput.js';
import { exitCode } from '../exit.js';
import { libraryVersion } from '../units.js';

/** Long enough for a GPU to reach its clock. */
const defaultSeconds = 3;
const longestWarmUp = 2;

const batchSize = 128;

/**
 * Measures the four networks on one backend in this process, and prints the line.
 * @param name `auto` for the one that a run would take
 * @param seconds for each network, besides the warm-up
 * @returns the exit code
 */
export async function measureSpeed(
  name: 'auto' | BackendName,
  { json, seconds = defaultSeconds }: { json: boolean; seconds?: number | undefined },
): Promise<number> {
  const duration: Duration = { batchSize, warmUpSeconds: Math.min(longestWarmUp, seconds), seconds };
  const backend = await useBackend(name);
  const speeds: Record<string, number> = {};
  for (const network of speedNetworks) {
    console.error(`measuring ${network.name} on ${backend.name} ...`);
    speeds[network.name] = await imagesPerSecond(network, duration);
  }
  const about = { version: packageVersion, node: process.version, host: hostFacts(), backend };
  if (json) console.log(JSON.stringify({ ...about, batchSize, imagesPerSecond: speeds }));
  else console.log(speedLine(backend, speeds));
  return exitCode.ok;
}

/** Three significant digits: a second measurement differs by a few percent. */
const rounded = (speed: number) => Number(speed.toPrecision(3)).toLocaleString('en');

/** TensorFlow does not name its card; NVIDIA's driver does. */
const cardsOf = ({ name, device }: BackendReport): string[] =>
  name === 'tensorflow' && device === 'GPU' ? listGpus().map((card) => card.name) : [];

/** One line to paste: what computes, and the images a second of each network. */
function speedLine(backend: BackendReport, speeds: Readonly<Record<string, number>>): string {
  const { cpu, platform } = hostFacts();
  const about = [backend.device, ...cardsOf(backend), backend.facts?.['driver'], libraryVersion(backend)];
  const measured = Object.entries(speeds).map(([network, speed]) => `${network} ${rounded(speed)}`);
  const system = `${cpu}, ${platform} ${release()}, Node ${process.version}, adamw-bench ${packageVersion}`;
  return `${backend.name} (${about.filter(Boolean).join(', ')}) on ${system}: ${measured.join(', ')} images/s at batch ${batchSize}, one process`;
}
