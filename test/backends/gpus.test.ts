/** Which cards there are, and which of them a worker is given. */
import { describe, expect, it } from 'vitest';
import { gpuEnvironment, parseInformation, parseNvidiaSmi, visibleGpus } from '../../src/backends/gpus.js';

/** In the form that nvidia-smi 550 prints; the second card is made up. */
const answer = [
  'GPU-5d9e0b1c-0000-1111-2222-333344445555, NVIDIA H100 80GB HBM3, 9.0, 550.90.07, 81559 MiB',
  'GPU-aaaaaaaa-0000-1111-2222-333344445555, NVIDIA L4, 8.9, 550.90.07, 23034 MiB',
  '',
].join('\n');

describe('the cards', () => {
  it('are read from nvidia-smi', () => {
    const cards = parseNvidiaSmi(answer);
    expect(cards).toHaveLength(2);
    expect(cards[1]).toMatchObject({ name: 'NVIDIA L4', computeCapability: '8.9', driver: '550.90.07' });
    expect(parseNvidiaSmi('No devices were found\n')).toEqual([]);
  });

  it('are read from the driver where nvidia-smi is not installed', () => {
    const text = 'Model: \t\t NVIDIA L4\nIRQ:   \t\t 42\nGPU UUID: \t GPU-aaaaaaaa-0000\n';
    expect(parseInformation(text)).toEqual({ uuid: 'GPU-aaaaaaaa-0000', name: 'NVIDIA L4' });
  });
});

describe('the cards in sight', () => {
  const two = parseNvidiaSmi(answer);
  it.each([
    [undefined, ['0', '1']],
    ['1', ['1']],
    ['1,0', ['1', '0']],
    ['GPU-aaaaaaaa', ['GPU-aaaaaaaa']],
    ['MIG-1234', ['MIG-1234']],
    ['', []],
    ['-1', []],
    ['0,-1,1', ['0']],
    ['0,2,1', ['0']],
  ])('with CUDA_VISIBLE_DEVICES %j are %j', (chosen, wanted) => {
    expect(visibleGpus(two, chosen)).toEqual(wanted);
  });

  it('are given to workers one each, and round again', () => {
    const given = [0, 1, 2, 3].map(
      (slot) => gpuEnvironment(slot, ['GPU-a', 'GPU-b'])['CUDA_VISIBLE_DEVICES'],
    );
    expect(given).toEqual(['GPU-a', 'GPU-b', 'GPU-a', 'GPU-b']);
    expect(gpuEnvironment(0, [])).toEqual({});
  });
});
