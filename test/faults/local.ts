/** Faults of one machine: workers and coordinators killed, files damaged, the disk full. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeLine } from '../../src/runner/journal.js';
import { journalOf } from '../queue/program.js';
import { Skip, childrenOf, journalFile, recordCount, success, until, type Laboratory } from './laboratory.js';

/** kill -9 of random workers, as long as the sweep lasts. */
export async function killWorkers(lab: Laboratory): Promise<string> {
  const dir = lab.folder('kill-workers');
  const program = lab.run(dir, '--workers', '2');
  let kills = 0;
  let seen = 0;
  const born = new Map<number, number>();
  while (program.running) {
    await sleep(500 + Math.random() * 1000);
    for (const pid of childrenOf(program.pid)) if (!born.has(pid)) born.set(pid, Date.now());
    // One kill per finished cell at most, and none of the newest: a sweep whose workers all die before their first
    // cell rightly gives up.
    const pids = childrenOf(program.pid).filter((pid) => Date.now() - born.get(pid)! > 3000);
    const done = recordCount(dir);
    if (pids.length === 0 || done === seen) continue;
    seen = done;
    process.kill(pids[Math.floor(Math.random() * pids.length)]!, 'SIGKILL');
    kills++;
  }
  await success(program);
  lab.check(dir);
  return `${lab.cells} cells, ${kills} workers killed`;
}

/** kill -9 of the coordinator; its workers end by themselves, and the command is given again. */
export async function killCoordinator(lab: Laboratory): Promise<string> {
  const dir = lab.folder('kill-coordinator');
  const every = Math.ceil(lab.cells / 5);
  let kills = 0;
  for (;;) {
    const before = recordCount(dir);
    const program = lab.run(dir, '--workers', '2');
    await until(() => !program.running || recordCount(dir) >= before + every, 'progress');
    if (!program.running) {
      await success(program);
      break;
    }
    await sleep(Math.random() * 500);
    program.kill('SIGKILL');
    await program.ended;
    kills++;
  }
  lab.check(dir);
  return `${lab.cells} cells, ${kills} coordinators killed`;
}

/** A journal with a torn last line and a flipped bit. */
export async function damageJournal(lab: Laboratory): Promise<string> {
  const dir = lab.folder('damage-journal');
  const first = lab.run(dir, '--workers', '2');
  await until(() => recordCount(dir) >= lab.cells / 2, 'half of the sweep');
  first.kill('SIGKILL');
  await first.ended;
  const file = journalFile(dir);
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.indexOf(10) / 2)]! ^= 4;
  writeFileSync(file, bytes.subarray(0, bytes.length - 20));
  const kept = recordCount(dir);
  const second = lab.run(dir, '--workers', '2');
  await success(second);
  if (!/2 damaged lines/.test(second.output))
    throw new Error(`the damage was not reported:\n${second.output}`);
  lab.check(dir);
  return `2 lines damaged, ${kept} kept, ${lab.cells - kept} cells trained again`;
}

/** Checkpoints cut short, and with a flipped bit. */
export async function damageCheckpoints(lab: Laboratory): Promise<string> {
  const dir = lab.folder('damage-checkpoints');
  const folder = join(dir, 'checkpoints');
  const first = lab.run(dir, '--workers', '2');
  await until(() => recordCount(dir) >= 2, 'two cells');
  first.kill('SIGTERM');
  await first.ended;
  const files = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  if (files.length === 0) throw new Error('no checkpoint was kept');
  files.forEach((name, i) => {
    const file = join(folder, name);
    const bytes = readFileSync(file);
    if (i % 2 === 0) truncateSync(file, bytes.length - 100);
    else {
      bytes[bytes.length - 100]! ^= 1;
      writeFileSync(file, bytes);
    }
  });
  const second = lab.run(dir, '--workers', '2');
  await success(second);
  const refused = second.output.match(/checkpoint of cell .* is not used/g)?.length ?? 0;
  if (refused !== files.length)
    throw new Error(`${refused} of ${files.length} damaged checkpoints were refused`);
  lab.check(dir);
  return `${files.length} checkpoints damaged, ${refused} refused`;
}

/** The disk runs full in mid-sweep. */
export async function fillDisk(lab: Laboratory): Promise<string> {
  const mount = lab.folder('small-disk');
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount], { stdio: 'pipe' });
  } catch (error) {
    throw new Skip(
      `no tmpfs can be mounted: ${(error as Error).message.split('\n').at(-2) ?? 'no reason given'}`,
    );
  }
  try {
    const dir = join(mount, 'results');
    const first = lab.run(dir, '--workers', '2');
    await until(() => recordCount(dir) >= lab.cells / 3, 'a third of the sweep');
    const ballast = join(mount, 'ballast');
    try {
      writeFileSync(ballast, new Uint8Array(2 ** 20));
    } catch {
      // As intended: what fits has been written.
    }
    const code = await first.ended;
    if (code === 0 || !/full/.test(first.output))
      throw new Error(`it ended with ${code}:\n${first.output.slice(-1000)}`);
    const damaged = journalOf(dir).filter((line) => !decodeLine(line)).length;
    if (damaged > 0) throw new Error(`${damaged} lines of the journal are damaged`);
    const kept = recordCount(dir);
    rmSync(ballast);
    await success(lab.run(dir, '--workers', '2'));
    lab.check(dir);
    return `full after ${kept} cells, exit code ${code}, journal whole, ${lab.cells - kept} trained after space was made`;
  } finally {
    execFileSync('umount', ['-l', mount]);
  }
}
