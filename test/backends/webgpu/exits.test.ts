/** Commands that look for a device, or try one, end by themselves and say nothing besides their answer. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { env, saidOf, sweep } from './command.js';
import { adamwBench, configure } from '../../cli/cli.js';

describe.skipIf(whyNoDevice).concurrent(`commands end ${whyNoDevice ?? ''}`, () => {
  test('plan, with one worker', async () => {
    const { file } = configure(sweep);
    const { code, stdout, stderr } = await adamwBench(['plan', file, '--json'], { env });
    expect([code, saidOf(stderr)]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'webgpu', cells: 2, workers: 1 });
  });

  test('a program whose GPU object is collected while its device works', () => {
    const module = JSON.stringify(new URL('../../../dist/backends/webgpu/adapter.js', import.meta.url));
    const script = `
      import { findAdapter } from ${module};
      const device = await findAdapter().then(({ adapter }) => adapter.requestDevice());
      for (let times = 0; times < 5; times++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await device.queue.onSubmittedWorkDone();
      console.log('worked');`;
    const args = ['--expose-gc', '--input-type=module', '-e', script];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, 'worked\n']);
  });

  test('doctor', async () => {
    const { code, stdout, stderr } = await adamwBench(['doctor', '--json'], { env });
    expect([code, saidOf(stderr)]).toEqual([0, '']);
    const { backends } = JSON.parse(stdout) as { backends: { name: string; available: boolean }[] };
    expect(backends.find(({ name }) => name === 'webgpu')).toMatchObject({ available: true });
  });
});
