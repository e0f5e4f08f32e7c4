import { describe, expect, test } from 'vitest';
import { startProcess } from '../../bench/speed/process.js';

const node = (script: string) => ({ name: 'test', command: process.execPath, args: ['-e', script] });
const echo = `
  console.log(JSON.stringify({ ready: true, version: '1' }));
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => console.log(line));`;

describe('a process that works on command', () => {
  test('says hello, answers, and ends when it is told to', async () => {
    const { stepper, hello } = await startProcess(node(echo));
    expect(hello.version).toBe('1');
    expect(await stepper.ask({ step: 3 })).toEqual({ step: 3 });
    await stepper.end();
    await expect(stepper.ask({ step: 4 })).rejects.toThrow(/ended/);
  });

  test('what a library greets with is not taken for an answer', async () => {
    const { stepper } = await startProcess(node(`console.log('Welcome!'); ${echo}`));
    await stepper.end();
  });

  test('one that cannot be started is told of, and nothing is killed for it', async () => {
    const missing = { name: 'test', command: '/no/such/program', args: [] };
    await expect(startProcess(missing)).rejects.toThrow(/ENOENT/);
  });

  test('one that ends too early leaves its last words', async () => {
    const failing = node("console.error('no such network'); process.exit(1)");
    await expect(startProcess(failing)).rejects.toThrow('A test process ended: no such network');
  });

  test('an error that it reports is thrown', async () => {
    const { stepper } = await startProcess(node(echo));
    await expect(stepper.ask({ error: 'the loss was NaN' })).rejects.toThrow(/loss was NaN/);
    stepper.kill();
    await stepper.end();
  });
});
