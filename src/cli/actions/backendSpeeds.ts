/** How long a step of an experiment takes on each backend that works here: `plan --backends`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { probeBackends, type BackendName } from '../../backends/index.js';
import { milliseconds } from '../units.js';

/** The options of `plan` that decide what is trained. */
interface Flags {
  readonly set: readonly string[];
  readonly dataDir?: string;
}

/** A backend's step, or why there is none. */
type Timed =
  | { readonly backend: BackendName; readonly device?: string; readonly stepSeconds: number }
  | { readonly backend: BackendName; readonly reason: string };

/**
 * Plans the experiment once more for each backend, in a process of its own: native libraries of several do not go
 * together, and none is to slow another down.
 */
export async function compareBackends(config: string, flags: Flags): Promise<Timed[]> {
  const timed: Timed[] = [];
  for (const { name, available, device, reason = '' } of await probeBackends()) {
    if (!available) timed.push({ backend: name, reason });
    else timed.push(await timeOn(name, device, config, flags));
  }
  return timed;
}

export const comparisonText = async (config: string, flags: Flags): Promise<string[]> => {
  const timed = await compareBackends(config, flags);
  return timed.map((one) =>
    'stepSeconds' in one
      ? `  ${one.backend.padEnd(10)} ${milliseconds(one.stepSeconds)} a step`
      : `  ${one.backend.padEnd(10)} ${one.reason}`,
  );
};

async function timeOn(
  backend: BackendName,
  device: string | undefined,
  config: string,
  { set, dataDir }: Flags,
): Promise<Timed> {
  console.error(`timing ${backend} ...`);
  const settings = [...set, `backend=${backend}`].flatMap((one) => ['--set', one]);
  const where = dataDir === undefined ? [] : ['--data-dir', dataDir];
  const args = [process.argv[1]!, 'plan', config, ...settings, ...where, '--json'];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...args]);
    const { stepSeconds } = JSON.parse(stdout) as { stepSeconds?: number };
    if (stepSeconds === undefined) return { backend, reason: 'no step was timed: the data are missing.' };
    return { backend, ...(device === undefined ? {} : { device }), stepSeconds };
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    return { backend, reason: (stderr.trim() || message).split('\n').at(-1)! };
  }
}
