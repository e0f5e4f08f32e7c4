/** The tfjs backend `webgpu` with what a run of many hours needs: no error of the device goes unnoticed. */
import { engine, env, registerBackend } from '../tfjs.js';
import type { Computation, RepeatingBackend } from '../repeat.js';
import { DeviceFailure, watchDevice } from './failure.js';
import { Recordings } from './recordings.js';
import { loadPackage } from './tfjsPackage.js';

/** Runs `make` where `navigator.gpu` is there. It goes again, since other libraries take `navigator` for a browser. */
function withNavigator<T>(gpu: GPU, make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    return make();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

/**
 * Registers the backend for a device. A read of it rejects with a `DeviceFailure` where the device was lost, or has
 * refused a kernel or memory: WebGPU would give zeros.
 */
export function registerWebgpu(gpu: GPU, device: GPUDevice, info: GPUAdapterInfo): void {
  const { WebGPUBackend } = loadPackage();
  // Small tensors would be computed on the processor if nobody has used them on the GPU yet. The bits of a run would
  // then depend on where it was continued.
  env().set('WEBGPU_CPU_FORWARD', false);
  const failure = watchDevice(device);

  class Backend extends WebGPUBackend implements RepeatingBackend {
    readonly recordings = new Recordings(this);

    /** Dawn ends with it. */
    readonly gpu = gpu;

    repeat(computation: Computation) {
      return this.recordings.repeat(computation);
    }

    forget(owner: object) {
      this.recordings.forget(owner);
    }

    override memory() {
      const memory = super.memory();
      const { numBytes } = this.recordings;
      return {
        ...memory,
        numBytesInGPU: memory.numBytesInGPU + numBytes,
        numBytesAllocatedInGPU: memory.numBytesAllocatedInGPU + numBytes,
      };
    }

    override async read(dataId: object) {
      this.recordings.noteRead();
      const values = await failure.orResult(super.read(dataId));
      failure.check();
      return values;
    }

    override readSync(dataId: object) {
      const { values } = this.tensorMap.get(dataId);
      if (values != null) return values;
      throw new DeviceFailure('A value on the GPU cannot be read at once: use `data()`.');
    }

    override dispose() {
      super.dispose();
      failure.expectLoss();
      device.destroy();
    }
  }

  if (engine().findBackendFactory('webgpu') != null) engine().removeBackend('webgpu');
  registerBackend('webgpu', () => withNavigator(gpu, () => new Backend(device, info)));
}
