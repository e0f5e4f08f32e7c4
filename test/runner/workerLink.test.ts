/** The end of a worker process that does not go by itself. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WorkerLink } from '../../src/runner/workerLink.js';
import { cellOf } from './records.js';
import { scratch } from './scratch.js';

const unlimited = { timeout: 0, hang: 0, memory: 0 };
const train = { type: 'train', job: { cell: cellOf(), label: 'AdamW' }, attempt: 1 } as const;
const forever = { timeout: 0, silence: 0, events: {} };

/** A process that hears nothing and stays; ready when it has said so. */
async function deaf() {
  const file = join(scratch(), 'deaf.mjs');
  writeFileSync(file, "process.on('message', () => undefined); process.send({ type: 'notice', text: '' });");
  const child = fork(file, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  await once(child, 'message');
  return child;
}

it('is killed when it hangs in a cell and was asked to stop, without any time limit', async () => {
  const child = await deaf();
  const link = new WorkerLink(child, unlimited, { idle: 300, busy: 0.5 });
  const refused = expect(link.ask(train, forever)).rejects.toThrow('no heartbeat for 0.5 seconds');
  await link.stop();
  await refused;
  expect([link.alive, child.signalCode]).toEqual([false, 'SIGKILL']);
});

it('is not alive from the moment it is killed', async () => {
  const link = new WorkerLink(await deaf(), unlimited);
  expect(link.alive).toBe(true);
  link.kill();
  expect(link.alive).toBe(false);
  await expect(link.ask(train, forever)).rejects.toThrow('its worker process is gone');
  await link.stop();
});

it('is given nothing more once its device has failed, and exits by itself', async () => {
  const file = join(scratch(), 'lossy.mjs');
  const failure = { type: 'error', kind: 'device', message: 'The GPU was lost.' };
  const answer = `process.send(${JSON.stringify(failure)}, () => setTimeout(() => process.exit(1), 200))`;
  writeFileSync(file, `process.on('message', () => ${answer});`);
  const child = fork(file, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const link = new WorkerLink(child, unlimited);
  await expect(link.ask(train, forever)).rejects.toMatchObject({ kind: 'device', code: 'worker-device' });
  expect(link.alive).toBe(false);
  await expect(link.ask(train, forever)).rejects.toThrow('its worker process is gone');
  await link.stop();
  expect([child.exitCode, child.signalCode]).toEqual([1, null]);
});
