/** `adamw-bench setup`: fetch, check, unpack, compile, prove, and only then put in place. */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HOME_VARIABLE, readSetUp, tensorflowHome, type SetUp } from '../backends/tensorflowHome.js';
import { probeBackend, type ProbeOptions } from '../backends/probe.js';
import type { BackendReport } from '../backends/backend.js';
import { explainingFiles } from '../files/problem.js';
import { assemble, versionsOf } from './assemble.js';
import { requireCompiler } from './build.js';
import { SetupError } from './errors.js';
import { bytesThere, fetchAll, fromFolder, fromRegistries, requireFiles, type Bring } from './fetch.js';
import {
  alone,
  linkHome,
  placesOf,
  putInPlace,
  realFolder,
  recover,
  removeAll,
  requireOurs,
  type Places,
} from './folders.js';
import { freeBytes, pipVersion, thisMachine } from './machine.js';
import { PINS, type Kind } from './pins.js';
import { announcement, planSetup, requireMachine, requireSpace } from './plan.js';

/** What the user is told while it goes on. */
export interface SetupEvents {
  say(text: string): void;
  /** Bytes fetched so far, and bytes to fetch in all. */
  onBytes(done: number, total: number): void;
}

export interface SetupOptions {
  readonly kind: Kind;
  /** Where to; by default where the loader looks. */
  readonly dir?: string | undefined;
  /** A folder with all the files, instead of a network. */
  readonly from?: string | undefined;
  readonly verbose?: boolean;
}

/** Files of a set-up that are gone or have another size. */
export async function damageOf(folder: string, { files }: SetUp): Promise<string[]> {
  const sizes = await Promise.all(
    Object.entries(files).map(async ([name, size]) => {
      const found = await stat(join(folder, name)).catch(() => undefined);
      return found?.size === size ? undefined : name;
    }),
  );
  return sizes.filter((name) => name !== undefined);
}

/** Whether a set-up is what this version of the program would make. */
export function isCurrent(setUp: SetUp, kind: Kind): boolean {
  const wanted = Object.entries(versionsOf(kind));
  return (
    setUp.kind === kind &&
    wanted.length === Object.keys(setUp.packages).length &&
    wanted.every(([project, version]) => setUp.packages[project] === version)
  );
}

/** Loads a set-up in a process of its own and computes a small gradient. @throws SetupError where that fails */
export async function prove(folder: string, options: ProbeOptions = {}): Promise<BackendReport> {
  const env = { ...options.env, [HOME_VARIABLE]: folder };
  const report = await probeBackend('tensorflow', { ...options, env });
  if (report.available) return report;
  throw new SetupError(
    `TensorFlow was put together, but does not work here: ${report.reason ?? 'no reason given'}`,
    'setup-proof',
    'Run the same command with --verbose, and report what it says.',
  );
}

/** The way the files come here. @throws SetupError where a folder of the user's lacks some */
async function wayFor({ kind, from }: SetupOptions): Promise<Bring> {
  if (from === undefined) return fromRegistries({ pip: (await pipVersion()) !== undefined });
  await requireFiles(PINS[kind], from);
  return fromFolder(from);
}

async function make(options: SetupOptions, places: Places, events: SetupEvents): Promise<BackendReport> {
  const { kind, verbose = false } = options;
  const bring = await wayFor(options);
  const there = await bytesThere(PINS[kind], places.downloads);
  const plan = planSetup(kind, there);
  events.say(announcement(plan, places.folder));
  requireSpace(plan, await freeBytes(dirname(places.folder)), dirname(places.folder));
  await mkdir(places.downloads, { recursive: true });
  const total = PINS[kind].reduce((sum, { bytes }) => sum + bytes, 0);
  await fetchAll(PINS[kind], places.downloads, bring, (file, bytes) => {
    there.set(file, bytes);
    events.onBytes(
      [...there.values()].reduce((sum, size) => sum + size, 0),
      total,
    );
  });
  await mkdir(places.build);
  await assemble(kind, places.downloads, places.build, events.say);
  events.say('Trying it.');
  const report = await prove(places.build, { verbose });
  await putInPlace(places);
  return report;
}

export interface SetupOutcome {
  readonly folder: string;
  /** False where it was there already. */
  readonly made: boolean;
  readonly report: BackendReport;
  /** Whether the loader finds it without ADAMW_BENCH_TENSORFLOW. */
  readonly linked: boolean;
}

/**
 * Sets TensorFlow up, or finds that it is.
 * @throws SetupError, FileError: nothing of it is in place then; what was fetched stays for the next try
 */
export async function setUp(options: SetupOptions, events: SetupEvents): Promise<SetupOutcome> {
  const { kind, dir } = options;
  requireMachine(thisMachine());
  await requireCompiler();
  const home = tensorflowHome();
  const places = placesOf(await realFolder(dir ?? home));
  const { folder } = places;
  const waiting = (pid: number | undefined) =>
    events.say(
      `Another set-up${pid === undefined ? '' : ` (process ${pid})`} is at work in ${folder}: waiting for it.`,
    );
  return alone(places, waiting, () =>
    explainingFiles(dirname(folder), async () => {
      await recover(places);
      await requireOurs(folder);
      const found = readSetUp(folder);
      const whole =
        found !== undefined && isCurrent(found, kind) && (await damageOf(folder, found)).length === 0;
      const report = whole ? await prove(folder) : await make(options, places, events);
      return { folder, made: !whole, report, linked: await linkHome(home, folder) };
    }),
  );
}

/** What `--check` finds. */
export interface CheckResult {
  readonly folder: string;
  readonly setUp: SetUp | undefined;
  readonly bytes: number;
  /** Files gone or changed. */
  readonly damaged: readonly string[];
  /** Bytes of begun downloads. */
  readonly begun: number;
  readonly report: BackendReport | undefined;
}

/** Looks what is there, and tries it. */
export async function check(dir: string | undefined): Promise<CheckResult> {
  const places = placesOf(await realFolder(dir ?? tensorflowHome()));
  const setUp = readSetUp(places.folder);
  const damaged = setUp === undefined ? [] : await damageOf(places.folder, setUp);
  const names = await readdir(places.downloads).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(places.downloads, name))).size));
  return {
    folder: places.folder,
    setUp,
    bytes: Object.values(setUp?.files ?? {}).reduce((sum, size) => sum + size, 0),
    damaged,
    begun: sizes.reduce((sum, size) => sum + size, 0),
    report:
      setUp === undefined
        ? undefined
        : await probeBackend('tensorflow', { env: { [HOME_VARIABLE]: places.folder } }),
  };
}

/** Takes the set-up away, with what a begun one has left. Returns its folder, or undefined where there was nothing. */
export async function remove(dir: string | undefined): Promise<string | undefined> {
  const home = tensorflowHome();
  const places = placesOf(await realFolder(dir ?? home));
  return alone(
    places,
    () => undefined,
    async () => {
      await requireOurs(places.folder);
      const linked = (await realFolder(home)) === places.folder;
      const found = await removeAll(places);
      // A link in the usual place leads nowhere now.
      if (linked) await removeAll({ ...places, folder: home });
      return found ? places.folder : undefined;
    },
  );
}
