/** What the numbers were measured on. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem, type } from 'node:os';
import { version_core } from '@tensorflow/tfjs-core';

/** Above this one-minute load, something else is computing too. */
export const busyLoad = 0.5;

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly tfjs: string;
  readonly onednn: string;
  readonly pytorch: string;
  /** Of the commit measured; ends in `-dirty` where files had been changed. */
  readonly revision: string;
  /** Load averages over 1, 5 and 15 minutes before the run. */
  readonly loadBefore: readonly number[];
  /** GFLOP/s of all cores, float32, median of the run. */
  readonly peakGflops: number | undefined;
}

/** Load averages, with a warning where the machine is not at rest. */
export function loadBefore(): number[] {
  const load = loadavg().map((value) => Math.round(value * 100) / 100);
  if (load[0]! > busyLoad)
    console.warn(
      `The load average is ${load[0]}: something else is computing here, and these numbers will be poor. ` +
        `Wait until it is below ${busyLoad}.`,
    );
  return load;
}

function revision(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown';
  }
}

/** The machine's facts; versions as the engines reported them. */
export function machineFacts(
  load: readonly number[],
  versions: Partial<Record<string, string>>,
  peakGflops: number | undefined,
): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: type(),
    node: process.versions.node,
    tfjs: version_core,
    onednn: versions.onednn ?? 'not measured',
    pytorch: versions.pytorch ?? 'not measured',
    revision: revision(),
    loadBefore: load,
    peakGflops,
  };
}
