/** The tfjs backend `webgpu` with what a run of many hours needs: no error of the device goes unnoticed. */
import { createRequire } from 'node:module';
import type * as Webgpu from '@tensorflow/tfjs-backend-webgpu';
import { engine, env, registerBackend } from '../tfjs.js';
import { missing, TFJS_PACKAGE } from './adapter.js';
import type { DeviceBackend } from '../device.js';
import { watchDevice } from './failure.js';
import { sumInOneOrder } from './inOneOrder.js';

const require = createRequire(import.meta.url);

export type WebgpuBackend = Webgpu.WebGPUBackend;

/** tfjs's package. It asks for `navigator.gpu` as it makes a backend, and where it finds it, registers its own. */
function loadPackage(): typeof Webgpu {
  try {
    return require(TFJS_PACKAGE) as typeof Webgpu;
  } catch (error) {
    throw missing(TFJS_PACKAGE, error);
  }
}

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

  class Backend extends WebGPUBackend implements DeviceBackend {
    private readonly watch = watchDevice(device, () => this.memory().numBytesInGPU);
    readonly lost = this.watch.lost;
    readonly largestTensor = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);

    get failure() {
      return this.watch.failure;
    }

    override read(dataId: object) {
      return this.watch.orResult(super.read(dataId));
    }

    override readSync(dataId: object) {
      this.watch.check();
      const { values } = this.tensorMap.get(dataId);
      if (values != null) return values;
      throw new Error('A value on the GPU cannot be read at once: use `data()`.');
    }

    override uploadToGPU(dataId: object) {
      this.watch.orBuffer(() => super.uploadToGPU(dataId));
    }

    override runWebGPUProgram(...[program, ...rest]: Parameters<Webgpu.WebGPUBackend['runWebGPUProgram']>) {
      sumInOneOrder(program);
      return super.runWebGPUProgram(program, ...rest);
    }

    override dispose() {
      super.dispose();
      this.watch.expectLoss();
      device.destroy();
    }
  }

  if (engine().findBackendFactory('webgpu') != null) engine().removeBackend('webgpu');
  registerBackend('webgpu', () => withNavigator(gpu, () => new Backend(device, info)));
}
