/** Faults of many machines: workers, coordinator, Redis and the network between them. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '../queue/program.js';
import { Skip, recordCount, success, until, type Laboratory } from './laboratory.js';

/** Seconds of silence that lose a worker its cell. */
const stall = 3;
const stalling = ['--stall-time', `${stall}s`];

/** kill -9 of random workers, each replaced by a new one. */
export async function killQueueWorkers(lab: Laboratory): Promise<string> {
  const dir = lab.folder('kill-queue-workers');
  const { url } = await lab.redis();
  const coordinator = lab.run(dir, '--queue', url, ...stalling);
  const workers = [lab.start(['worker', url]), lab.start(['worker', url])];
  let kills = 0;
  let seen = 0;
  while (coordinator.running) {
    await sleep(500 + Math.random() * 1000);
    const done = recordCount(dir);
    if (done === seen) continue;
    seen = done;
    const i = Math.floor(Math.random() * workers.length);
    workers[i]!.kill('SIGKILL');
    workers[i] = lab.start(['worker', url]);
    kills++;
  }
  await success(coordinator);
  lab.check(dir);
  const taken = coordinator.output.match(/another takes it over/g)?.length ?? 0;
  return `${lab.cells} cells, ${kills} workers killed, ${taken} cells taken over`;
}

/** kill -9 of the coordinator while the workers go on. */
export async function killQueueCoordinator(lab: Laboratory): Promise<string> {
  const dir = lab.folder('kill-queue-coordinator');
  const { url } = await lab.redis();
  const worker = lab.start(['worker', url, '--concurrency', '2']);
  const every = Math.ceil(lab.cells / 5);
  let kills = 0;
  for (;;) {
    const before = recordCount(dir);
    const coordinator = lab.run(dir, '--queue', url, ...stalling);
    await until(() => !coordinator.running || recordCount(dir) >= before + every, 'progress');
    if (!coordinator.running) {
      await success(coordinator);
      break;
    }
    coordinator.kill('SIGKILL');
    await coordinator.ended;
    kills++;
    await sleep(Math.random() * 2000);
  }
  lab.check(dir);
  const trained = worker.output.match(/: ok$/gm)?.length ?? 0;
  if (trained !== lab.cells) throw new Error(`${trained} cells were trained for ${lab.cells}`);
  return `${lab.cells} cells, ${kills} coordinators killed, ${trained} trained: none twice`;
}

/** Redis killed and started again, with its append-only file. */
export async function restartRedis(lab: Laboratory): Promise<string> {
  const dir = lab.folder('restart-redis');
  const server = await lab.redis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const coordinator = lab.run(dir, '--queue', server.url, ...stalling);
  const worker = lab.start(['worker', server.url, '--concurrency', '2']);
  const times = 3;
  for (let i = 1; i <= times; i++) {
    const goal = Math.floor((lab.cells * i) / (times + 1));
    await until(() => recordCount(dir) >= goal, `${goal} cells`);
    await server.kill();
    await sleep(1000);
    await server.restart();
  }
  await success(coordinator);
  lab.check(dir);
  const lost = worker.output.match(/is back/g)?.length ?? 0;
  return `${lab.cells} cells, Redis killed ${times} times, connection found again ${lost} times by the worker`;
}

const holdsCell = (worker: Program) => until(() => /Serving/.test(worker.output), 'a worker that serves');

/** A worker is stopped for longer than the stall time, and then wakes with a result that is another's by now. */
export async function stopWorker(lab: Laboratory): Promise<string> {
  const dir = lab.folder('stop-worker');
  const { url } = await lab.redis();
  const coordinator = lab.run(dir, '--queue', url, ...stalling);
  const sleeper = lab.start(['worker', url]);
  await until(() => recordCount(dir) >= 2, 'two cells');
  const other = lab.start(['worker', url]);
  await holdsCell(other);
  // Asleep with a cell in its hands: it has none only between two cells.
  const takenOver = () => coordinator.output.match(/another takes it over/g)?.length ?? 0;
  let stops = 0;
  const rounds = Math.max(1, Math.floor(lab.cells / 20));
  for (let round = 0; round < rounds && coordinator.running; round++) {
    const before = takenOver();
    sleeper.kill('SIGSTOP');
    stops++;
    const end = Date.now() + stall * 4000;
    await until(() => takenOver() > before || Date.now() > end || !coordinator.running, 'a take-over');
    await sleep(1000);
    sleeper.kill('SIGCONT');
    await sleep(2000);
  }
  await success(coordinator);
  lab.check(dir);
  const refused = sleeper.output.match(/was given to another worker/g)?.length ?? 0;
  if (takenOver() === 0 || refused === 0)
    throw new Error(`${takenOver()} cells taken over, ${refused} late results refused`);
  return `${lab.cells} cells, stopped ${stops} times, ${takenOver()} cells taken over, ${refused} late results refused`;
}

const network = {
  name: `adamwb${process.pid % 100000}`,
  outside: `awb${process.pid % 100000}o`,
  inside: `awb${process.pid % 100000}i`,
  host: '10.213.77.1',
  guest: '10.213.77.2',
};

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });

function openNetwork(): void {
  try {
    ip('netns', 'add', network.name);
    ip('link', 'add', network.outside, 'type', 'veth', 'peer', 'name', network.inside);
    ip('link', 'set', network.inside, 'netns', network.name);
    ip('addr', 'add', `${network.host}/24`, 'dev', network.outside);
    ip('link', 'set', network.outside, 'up');
    ip('netns', 'exec', network.name, 'ip', 'addr', 'add', `${network.guest}/24`, 'dev', network.inside);
    ip('netns', 'exec', network.name, 'ip', 'link', 'set', network.inside, 'up');
    ip('netns', 'exec', network.name, 'ip', 'link', 'set', 'lo', 'up');
  } catch (error) {
    closeNetwork();
    throw new Skip(
      `no network namespace can be made: ${(error as Error).message.split('\n').filter(Boolean).at(-1) ?? ''}`,
    );
  }
}

function closeNetwork(): void {
  for (const args of [
    ['link', 'del', network.outside],
    ['netns', 'del', network.name],
  ]) {
    try {
      ip(...args);
    } catch {
      // It was never made.
    }
  }
}

/** The cable between a worker and Redis is pulled for longer than the stall time, and put back. */
export async function cutNetwork(lab: Laboratory): Promise<string> {
  openNetwork();
  try {
    const dir = lab.folder('cut-network');
    const password = 'only-for-this-test';
    const server = await lab.redis({ bind: `127.0.0.1 ${network.host}`, password });
    const at = (host: string) => `redis://:${password}@${host}:${server.port}`;
    const coordinator = lab.run(dir, '--queue', at('127.0.0.1'), ...stalling);
    const far = lab.start(['worker', at(network.host)], ['ip', 'netns', 'exec', network.name]);
    await until(() => recordCount(dir) >= 2, 'two cells by the far worker');
    const near = lab.start(['worker', at('127.0.0.1')]);
    await holdsCell(near);
    ip('link', 'set', network.outside, 'down');
    await until(
      () => /another takes it over/.test(coordinator.output) || !coordinator.running,
      'a take-over',
      60,
    );
    await sleep(2000);
    ip('link', 'set', network.outside, 'up');
    await success(coordinator);
    lab.check(dir);
    const taken = coordinator.output.match(/another takes it over/g)?.length ?? 0;
    if (!far.running) throw new Error(`the far worker ended:\n${far.output.slice(-1000)}`);
    return `${lab.cells} cells, ${taken} taken over while the network was cut`;
  } finally {
    closeNetwork();
  }
}
