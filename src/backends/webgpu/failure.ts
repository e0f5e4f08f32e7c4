/**
 * What goes wrong on a WebGPU device does not show at the call that caused it: there is an event, and results are zeros.
 * Here the first failure is kept until somebody reads a result. It is never forgotten: what is on the device is worth
 * nothing from then on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ReportedError } from '../../errors/reported.js';
import { withoutStop } from '../../errors/sentence.js';

/** The device was lost, has no memory left, or has refused something. */
export class DeviceFailure extends ReportedError {
  constructor(message: string, code: DeviceFailureCode, remedy?: string) {
    super(message, { code, exitCode: 1, ...(remedy === undefined ? {} : { remedy }) });
  }
}

export type DeviceFailureCode = 'device-lost' | 'device-memory' | 'device-refused';

export interface DeviceWatch {
  /** The first failure, if there was one. */
  readonly failure: DeviceFailure | undefined;
  /** Resolves when the device is gone, whatever the reason. */
  readonly lost: Promise<void>;
  /** @throws DeviceFailure if anything went wrong so far */
  check(): void;
  /** The result that was read; rejects with a DeviceFailure where the device was lost first, or anything went wrong. */
  orResult<T>(result: Promise<T>): Promise<T>;
  /** What `make` gives. @throws DeviceFailure where there is no memory for it */
  orBuffer<T>(make: () => T): T;
  /** From now on a loss is what somebody wants. */
  expectLoss(): void;
}

/** A read of a lost device may reject before the loss is told, milliseconds. */
const toldWithin = 1000;

const firstLine = (text: string) => text.trim().split('\n')[0]!;
const mebibytes = (bytes: number) =>
  `${(bytes / 2 ** 20).toLocaleString('en', { maximumSignificantDigits: 3 })} MiB`;

/** @param bytesInUse of the device's memory, by the tensors that there are */
export function watchDevice(device: GPUDevice, bytesInUse: () => number): DeviceWatch {
  let failure: DeviceFailure | undefined;
  let isExpected = false;

  const lost = device.lost.then(({ reason, message }) => {
    if (!isExpected) failure ??= lossOf(firstLine(message) || reason);
  });
  device.addEventListener('uncapturederror', (event) => {
    // Dawn would print it.
    event.preventDefault();
    const { error } = event as GPUUncapturedErrorEvent;
    failure ??=
      error instanceof GPUOutOfMemoryError
        ? outOfMemory(error.message, bytesInUse())
        : new DeviceFailure(
            `The GPU has refused a kernel or a tensor: ${detail(error.message)}.`,
            'device-refused',
          );
  });

  const check = () => {
    if (failure) throw failure;
  };
  return {
    lost,
    check,
    get failure() {
      return failure;
    },
    async orResult(result) {
      const read = result.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      const first = await Promise.race([read, lost]);
      if (first && 'error' in first) await Promise.race([lost, sleep(toldWithin)]);
      check();
      if (!first) throw new DeviceFailure('The GPU was given back while a result was read.', 'device-lost');
      if ('value' in first) return first.value;
      throw (failure ??= unreadable(first.error));
    },
    orBuffer(make) {
      try {
        return make();
      } catch (error) {
        // Thrown where the new buffer is to be filled at once; there is no event then.
        if (error instanceof RangeError) failure ??= outOfMemory(error.message, bytesInUse());
        throw failure ?? error;
      }
    },
    expectLoss: () => (isExpected = true),
  };
}

/** What Dawn says in its first line, without the full stop. */
const detail = (message: string) => withoutStop(firstLine(message));

const lossOf = (why: string) =>
  new DeviceFailure(
    `The GPU was lost (${detail(why)}).`,
    'device-lost',
    "If that happens again, the log of the system or of the GPU's driver may say why.",
  );

const outOfMemory = (why: string, bytes: number) =>
  new DeviceFailure(
    `The GPU has no memory left: the tensors of this process take ${mebibytes(bytes)} (${detail(why)}).`,
    'device-memory',
    'Make the network or the batch smaller, or train with fewer workers.',
  );

function unreadable(error: unknown): DeviceFailure {
  const { name, message } = error as Error;
  return new DeviceFailure(
    `A result could not be read from the GPU (${[name, message].filter(Boolean).join(': ')}).`,
    'device-refused',
  );
}
