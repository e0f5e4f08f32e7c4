/** What the numbers were measured on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, totalmem, type } from 'node:os';
import { version_core } from '@tensorflow/tfjs-core';
import type { Answer } from './process.js';

/** Above this one-minute load, something else is computing too. */
export const busyLoad = 0.5;

/** Versions, the BLAS and the instruction set of PyTorch, as it reports them. */
export interface PytorchFacts {
  readonly version: string;
  readonly blas: string;
  readonly onednn: string;
  readonly instructionSet: string;
}

export interface Machine {
  readonly date: string;
  /** The instruction sets that decide how fast kernels are; results are published for each kind. */
  readonly kind: MachineKind;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly tfjs: string;
  readonly onednn: string;
  /** That our addon uses. */
  readonly instructionSet: string;
  readonly pytorch: PytorchFacts | undefined;
  /** Of the commit measured; ends in `-dirty` where files had been changed. */
  readonly revision: string;
  /** Load averages over 1, 5 and 15 minutes before the run. */
  readonly loadBefore: readonly number[];
  /** GFLOP/s of all cores, float32, median of the run. */
  readonly peakGflops: number | undefined;
}

export type MachineKind = 'avx512' | 'avx2' | 'other';

/** The kind of machine, by the flags that Linux lists of a processor. */
export function kindOf(cpuinfo: string): MachineKind {
  if (/\bavx512f\b/.test(cpuinfo)) return 'avx512';
  return /\bavx2\b/.test(cpuinfo) ? 'avx2' : 'other';
}

/** /proc/cpuinfo; nothing where there is none. */
function cpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}

export const machineKind = (): MachineKind => kindOf(cpuinfo());

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

const pytorchFacts = ({ version, blas, onednn, isa }: Answer): PytorchFacts => ({
  version: version ?? 'unknown',
  blas: blas ?? 'unknown',
  onednn: onednn ?? 'unknown',
  instructionSet: isa ?? 'unknown',
});

/** The machine's facts; those of the engines as they reported them. */
export function machineFacts(
  load: readonly number[],
  hellos: { readonly onednn?: Answer; readonly pytorch?: Answer },
  peakGflops: number | undefined,
): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    kind: machineKind(),
    cpu: cpus()[0]?.model.trim() ?? arch(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: type(),
    node: process.versions.node,
    tfjs: version_core,
    onednn: hellos.onednn?.version ?? 'not measured',
    instructionSet: hellos.onednn?.isa ?? 'not measured',
    pytorch: hellos.pytorch && pytorchFacts(hellos.pytorch),
    revision: revision(),
    loadBefore: load,
    peakGflops,
  };
}
