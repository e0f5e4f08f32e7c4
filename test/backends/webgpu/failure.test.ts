/** A device that fails: no read gives zeros, and none waits for ever. */
import { beforeEach, describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { freshDevice } from './device.js';
import { deviceFailure, onDeviceLost } from '../../../src/backends/device.js';
import * as tf from '../../../src/backends/tfjs.js';

let device: GPUDevice;

describe.skipIf(whyNoDevice)(`a device that fails ${whyNoDevice ?? ''}`, () => {
  beforeEach(async () => void ({ device } = await freshDevice()));

  /** The sum of [1, 2], on the device. */
  const three = () => tf.sum(tf.tensor1d([1, 2]));

  test('a read that waits as the device is lost rejects, as does each after it', async () => {
    const sum = three();
    const waiting = sum.data();
    device.destroy();
    const lost = { code: 'device-lost', message: expect.stringContaining('The GPU was lost') as string };
    await expect(waiting).rejects.toMatchObject(lost);
    await expect(sum.data()).rejects.toMatchObject(lost);
    await expect(three().data()).rejects.toMatchObject(lost);
    expect(deviceFailure()).toMatchObject(lost);
  });

  test('who has asked is told of the loss', async () => {
    const told = new Promise<void>((resolve) => onDeviceLost(resolve));
    device.destroy();
    await told;
  });

  test('the result of a kernel that is not valid is not zero: reading rejects, now and later', async () => {
    expect(await three().data()).toEqual(Float32Array.of(3));
    expect(deviceFailure()).toBeUndefined();
    const sum = three();
    device.createBindGroup({
      layout: device.createBindGroupLayout({
        entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } }],
      }),
      // Uniforms are no storage.
      entries: [
        {
          binding: 0,
          resource: { buffer: device.createBuffer({ size: 64, usage: GPUBufferUsage.UNIFORM }) },
        },
      ],
    });
    const refused = { code: 'device-refused', message: expect.stringContaining('refused') as string };
    await expect(sum.data()).rejects.toMatchObject(refused);
    await expect(three().data()).rejects.toMatchObject(refused);
  });

  test('a dispatch that is not valid gives no zeros', async () => {
    const module = device.createShaderModule({
      code: '@group(0) @binding(0) var<storage, read_write> y: array<f32>; @compute @workgroup_size(1) fn main() { y[0] = 1; }',
    });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    // No buffer is bound.
    pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await expect(three().data()).rejects.toMatchObject({ code: 'device-refused' });
  });

  test('a tensor beyond the largest buffer is refused where it is read', async () => {
    const { backend } = await freshDevice();
    const values = backend.device.limits.maxBufferSize / 4 + 1;
    const info = backend.makeTensorInfo([values], 'float32');
    backend.uploadToGPU(info.dataId);
    await expect(backend.read(info.dataId)).rejects.toMatchObject({ code: 'device-refused' });
  });

  test('a value cannot be had at once', async () => {
    const sum = three();
    expect(() => sum.dataSync()).toThrow('data()');
    await sum.data();
    expect(sum.dataSync()).toEqual(Float32Array.of(3));
  });

  test('a backend that is given back has lost nothing', async () => {
    const waiting = three().data();
    await freshDevice();
    expect(deviceFailure()).toBeUndefined();
    await expect(waiting).rejects.toMatchObject({ code: 'device-lost' });
    expect(await three().data()).toEqual(Float32Array.of(3));
  });
});
