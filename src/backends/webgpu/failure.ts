/**
 * What goes wrong on a WebGPU device shows long after the call that caused it, and not there: as an event, while
 * results are zeros. Here it is kept until somebody reads a result.
 */
import { ReportedError } from '../../errors/reported.js';

/** The device was lost, has no memory left, or has refused a kernel. */
export class DeviceFailure extends ReportedError {
  constructor(
    message: string,
    /** Whether the device is gone: another process may get a new one. */
    readonly isLost = false,
  ) {
    super(message, { code: isLost ? 'device-lost' : 'device-error', exitCode: 1 });
  }
}

export interface DeviceWatch {
  /** @throws DeviceFailure if anything went wrong so far */
  check(): void;
  /** The result, or a DeviceFailure if the device is lost before it is there: Dawn leaves some promises open then. */
  orResult<T>(result: Promise<T>): Promise<T>;
  /** From now on a loss is what somebody wants. */
  expectLoss(): void;
}

const firstLine = (text: string) => text.trim().split('\n')[0]!;

export function watchDevice(device: GPUDevice): DeviceWatch {
  let failure: DeviceFailure | undefined;
  let isExpected = false;
  const lost = device.lost.then(({ reason, message }) => {
    if (!isExpected)
      failure = new DeviceFailure(`The GPU was lost (${reason}: ${firstLine(message)}).`, true);
  });
  device.addEventListener('uncapturederror', (event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    const isMemory = error.constructor.name === 'GPUOutOfMemoryError';
    failure ??= new DeviceFailure(
      isMemory
        ? `The GPU has no memory left (${firstLine(error.message)}). Make the network or the batch smaller.`
        : `The GPU refused a kernel: ${firstLine(error.message)}`,
    );
  });
  const check = () => {
    if (failure) throw failure;
  };
  return {
    check,
    orResult: async (result) => {
      const first = await Promise.race([result.then((value) => ({ value })), lost]);
      check();
      if (!first) throw new DeviceFailure('The GPU was given back while a result was awaited.', true);
      return first.value;
    },
    expectLoss: () => (isExpected = true),
  };
}
