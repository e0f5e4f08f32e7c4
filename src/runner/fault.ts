/**
 * Faults on demand, for tests: the environment variable ADAMW_BENCH_FAULT makes a worker fail in a chosen cell. Only
 * workers read it (workerMain.ts). It holds faults separated by commas, each `kind:label:epoch[:attempts]`: in the
 * cells with this label (or id, or `*` for all), once that many epochs are done (1.5: half-way through the second),
 * on the first `attempts` attempts (default: on all).
 *
 *     crash   the process kills itself with SIGKILL     throw   the training throws
 *     exit    the process exits with code 7             hang    the process does nothing any more
 *     slow    every batch takes `epoch` milliseconds longer
 *     lose-device     the backend webgpu loses its device
 *     refuse-kernel   its device is given a kernel that it refuses
 *     fill-device     its device's memory is filled until it refuses more, and freed again
 */
import type { Position } from '../train/snapshot.js';
import type { Job } from '../experiment/plan.js';
import { deviceFaults, strikeDevice, type DeviceFault } from './deviceFaults.js';

const kinds = [
  ...(['crash', 'exit', 'throw', 'hang', 'slow'] as const),
  ...(Object.keys(deviceFaults) as DeviceFault[]),
];

interface Fault {
  readonly kind: (typeof kinds)[number];
  readonly who: string;
  readonly amount: number;
  readonly attempts: number;
}

/** @throws Error where the text is no list of faults: a test's typing error must not look like a success */
export function parseFaults(text: string | undefined): readonly Fault[] {
  return (text ?? '')
    .split(',')
    .filter(Boolean)
    .map((one) => {
      const [kind, who, amount = '0', attempts = 'Infinity'] = one.split(':');
      const fault = { kind, who, amount: Number(amount), attempts: Number(attempts) } as Fault;
      if (!kinds.includes(fault.kind) || !who || Number.isNaN(fault.amount + fault.attempts)) {
        throw new Error(`ADAMW_BENCH_FAULT has ${one}, which is no kind:label:epoch[:attempts].`);
      }
      return fault;
    });
}

const pause = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** A function to call after every batch of a job, which does what the faults say. */
export function faultsOf(
  faults: readonly Fault[],
  { cell, label }: Job,
  attempt: number,
  stepsPerEpoch: number,
): (position: Position) => void {
  const mine = faults.filter(
    ({ who, attempts }) => (who === '*' || who === label || who === cell.id) && attempt <= attempts,
  );
  return ({ epoch, batch }) => {
    const done = epoch + batch / stepsPerEpoch;
    for (const { kind, amount } of mine) {
      if (kind === 'slow') pause(amount);
      else if (done < amount) continue;
      else if (kind === 'crash') process.kill(process.pid, 'SIGKILL');
      else if (kind === 'exit') process.exit(7);
      else if (kind === 'hang') pause(Infinity);
      else if (kind === 'throw') throw new Error('a fault was asked for');
      else strikeDevice(kind);
    }
  };
}
