/** What `adamw-bench setup` does. */
import { SingleBar } from 'cli-progress';
import type { BackendReport } from '../../backends/index.js';
import { HOME_VARIABLE } from '../../backends/tensorflowHome.js';
import { compiler, firstLine, pipVersion } from '../../setup/machine.js';
import { gigabytes } from '../../setup/plan.js';
import { check, remove, setUp, type SetupEvents } from '../../setup/setup.js';
import { UsageError, exitCode } from '../exit.js';
import { elapsed } from '../units.js';

export interface SetupFlags {
  readonly check?: boolean;
  readonly remove?: boolean;
  readonly from?: string;
  readonly dir?: string;
  readonly verbose?: boolean;
}

/** Sets TensorFlow up, looks at it or removes it; returns the exit code. */
export async function setup(what: string | undefined, flags: SetupFlags): Promise<number> {
  if (flags.check && flags.remove) throw new UsageError('--check and --remove exclude each other.');
  if (flags.check) return sayWhatIsThere(flags.dir);
  if (flags.remove) return takeAway(flags.dir);
  if (what === undefined) {
    throw new UsageError(
      'Say what to set up: `adamw-bench setup cuda` for an NVIDIA GPU, or `adamw-bench setup tensorflow` for the CPU.',
    );
  }
  const progress = process.stderr.isTTY ? bar() : lines();
  try {
    const { folder, made, report, linked } = await setUp(
      {
        kind: what === 'cuda' ? 'cuda' : 'cpu',
        dir: flags.dir,
        from: flags.from,
        verbose: flags.verbose ?? false,
      },
      progress,
    );
    progress.end();
    console.log(`${made ? 'Set up' : 'Already set up'} in ${folder}.\n${describe(report)}`);
    if (!linked) console.log(`For adamw-bench to find it, set ${HOME_VARIABLE}=${folder}`);
  } finally {
    progress.end();
  }
  return exitCode.ok;
}

/** What a report says about a TensorFlow that works. */
function describe({ device, facts = {} }: BackendReport): string {
  const { TensorFlow, 'difference from cpu': difference, warning } = facts;
  return [
    `TensorFlow ${TensorFlow}`,
    `computes on the ${device}; a convolution's gradient differs from the cpu backend's by ${difference}`,
    ...(warning === undefined ? [] : [warning]),
  ].join('\n');
}

interface Progress extends SetupEvents {
  end(): void;
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

/** A bar on a terminal, with megabytes and the time left. */
function bar(): Progress {
  let current: SingleBar | undefined;
  const end = () => {
    current?.stop();
    current = undefined;
  };
  return {
    end,
    say(text) {
      end();
      process.stderr.write(`${text}\n`);
    },
    onBytes(done, total) {
      // Files that are there already are told of once more, when their checksums are right.
      if (current === undefined && done >= total) return;
      if (current === undefined) {
        current = new SingleBar({
          stream: process.stderr,
          format: 'downloading {bar} {value} of {total} MB, {eta_formatted} left',
          barsize: 30,
          etaBuffer: 100,
          fps: 4,
          hideCursor: true,
        });
        current.start(megabytes(total), megabytes(done));
      }
      current.update(megabytes(done));
      if (done >= total) end();
    },
  };
}

/** A line every few seconds, for logs. */
function lines(): Progress {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  let began: { readonly at: number; readonly bytes: number } | undefined;
  let told = 0;
  let ended = false;
  return {
    say,
    onBytes(done, total) {
      const now = performance.now();
      began ??= { at: now, bytes: done };
      if (ended || (now - told < 5000 && done < total)) return;
      ended = done >= total;
      told = now;
      const rate = (done - began.bytes) / (now - began.at);
      const left = rate > 0 && done < total ? `, ${elapsed((total - done) / rate / 1000)} left` : '';
      say(`downloaded ${megabytes(done)} of ${megabytes(total)} MB${left}`);
    },
    end: () => undefined,
  };
}

async function sayWhatIsThere(dir: string | undefined): Promise<number> {
  const { folder, setUp: found, bytes, damaged, begun, report } = await check(dir);
  const works = report?.available === true && damaged.length === 0;
  if (found === undefined) console.log(`Nothing is set up in ${folder}.`);
  else {
    console.log(
      `TensorFlow ${found.tensorflow} (${found.kind === 'cuda' ? 'CUDA' : 'CPU'} build) in ${folder}, ${gigabytes(bytes)}`,
    );
    for (const [project, version] of Object.entries(found.packages)) console.log(`  ${project} ${version}`);
  }
  if (damaged.length > 0) console.log(`Missing or changed: ${damaged.join(', ')}. Run the set-up again.`);
  if (begun > 0)
    console.log(`A set-up was begun: ${gigabytes(begun)} are downloaded. Run it again to go on.`);
  if (report?.available === true) console.log(describe(report));
  else if (report !== undefined) console.log([report.reason, report.advice].filter(Boolean).join(' '));
  const tools = {
    [`C++ compiler (${compiler()})`]: await firstLine(compiler(), '--version'),
    pip: await pipVersion(),
    npm: await firstLine('npm', '--version'),
  };
  for (const [name, version] of Object.entries(tools)) console.log(`${name}: ${version ?? 'not found'}`);
  return works ? exitCode.ok : exitCode.refused;
}

async function takeAway(dir: string | undefined): Promise<number> {
  const removed = await remove(dir);
  console.log(removed === undefined ? 'Nothing was set up.' : `Removed ${removed}.`);
  return exitCode.ok;
}
