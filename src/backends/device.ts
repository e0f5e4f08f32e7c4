/** What a backend with a device of its own tells of it, to those who only know that there is a current backend. */
import { engine } from './tfjs.js';
import type { DeviceFailure } from './webgpu/failure.js';

/** The additional members of such a backend. */
export interface DeviceBackend {
  /** Bytes of the largest tensor that the device's kernels can read. */
  readonly largestTensor: number;
  /** What has gone wrong on the device, if anything: results are worth nothing then. */
  readonly failure: DeviceFailure | undefined;
  /** Resolves when the device is gone. */
  readonly lost: Promise<unknown>;
}

/** The current backend, if it has a device. It starts none. */
function current(): DeviceBackend | undefined {
  const { backendInstance } = engine() as unknown as { backendInstance?: Partial<DeviceBackend> | null };
  return backendInstance?.largestTensor === undefined ? undefined : (backendInstance as DeviceBackend);
}

/** Bytes of the largest tensor that the current backend takes, where there is such a limit. */
export const largestTensor = (): number | undefined => current()?.largestTensor;

/** What has gone wrong on the current backend's device. */
export const deviceFailure = (): DeviceFailure | undefined => current()?.failure;

/** Calls `act` if the current backend's device is lost. */
export const onDeviceLost = (act: () => void): void => void current()?.lost.then(act);
