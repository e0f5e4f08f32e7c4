/** Which GPUs there are, what they are, and which of them a worker uses. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** A card as its driver describes it. */
export interface Gpu {
  readonly uuid: string;
  readonly name: string;
  /** E.g. `8.9`; undefined where the driver does not tell. */
  readonly computeCapability?: string;
  readonly driver?: string;
  readonly memory?: string;
}

const QUERY = 'uuid,name,compute_cap,driver_version,memory.total';

/** The cards in nvidia-smi's answer to the query above (`--format=csv,noheader`). */
export function parseNvidiaSmi(text: string): Gpu[] {
  return text
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter(([uuid]) => uuid?.startsWith('GPU-'))
    .map(([uuid, name = 'unknown', computeCapability, driver, memory]) => ({
      uuid: uuid!,
      name,
      ...(computeCapability === undefined ? {} : { computeCapability }),
      ...(driver === undefined ? {} : { driver }),
      ...(memory === undefined ? {} : { memory }),
    }));
}

/** The fields `Model` and `GPU UUID` of /proc/driver/nvidia/gpus/<bus>/information. */
export function parseInformation(text: string): Gpu {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(text)?.[1]!.trim();
  return { uuid: field('GPU UUID') ?? '', name: field('Model') ?? 'unknown' };
}

/** The cards of this machine, as nvidia-smi lists them, else as the driver's files do; none without a driver. */
export function listGpus(): Gpu[] {
  const asked = spawnSync('nvidia-smi', [`--query-gpu=${QUERY}`, '--format=csv,noheader'], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (asked.status === 0) return parseNvidiaSmi(asked.stdout);
  const root = '/proc/driver/nvidia/gpus';
  try {
    return readdirSync(root)
      .sort()
      .map((bus) => parseInformation(readFileSync(`${root}/${bus}/information`, 'utf8')));
  } catch {
    return [];
  }
}

/**
 * What CUDA_VISIBLE_DEVICES may hold for one worker each: the entries that the user's own value allows, else the
 * numbers of all cards. As CUDA reads it, an entry that is no device ends the list, and an empty value allows none.
 * https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars
 */
export function visibleGpus(listed: readonly Gpu[], chosen: string | undefined): string[] {
  if (chosen === undefined) return listed.map((_, i) => String(i));
  const entries = chosen.split(',').map((entry) => entry.trim());
  const end = entries.findIndex((entry) => !isDevice(entry, listed.length));
  return end === -1 ? entries : entries.slice(0, end);
}

const isDevice = (entry: string, count: number): boolean =>
  /^\d+$/.test(entry) ? Number(entry) < count : /^(GPU|MIG)-/.test(entry);

/** The environment of the worker in a slot: one card, the next slot the next one, round again where slots are more. */
export function gpuEnvironment(slot: number, visible: readonly string[]): Record<string, string> {
  return visible.length === 0 ? {} : { CUDA_VISIBLE_DEVICES: visible[slot % visible.length]! };
}

/** Files by which an NVIDIA driver shows, on Linux and Windows. */
const DRIVER_FILES = ['/proc/driver/nvidia/version', '/dev/nvidiactl', 'C:\\Windows\\System32\\nvcuda.dll'];

/** Whether this machine shows an NVIDIA driver; an object, so that tests can be about another machine. */
export const nvidiaDriver = { isThere: () => DRIVER_FILES.some((file) => existsSync(file)) };

/** Where Linux shows a graphics device: the kernel's render nodes, NVIDIA's own files, and Windows' within WSL. */
const hasDeviceFile = (): boolean => {
  if (existsSync('/dev/nvidiactl') || existsSync('/dev/dxg')) return true;
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    return false;
  }
};

/** Whether this machine may have a GPU; elsewhere than on Linux only trying tells. An object for tests, as above. */
export const graphicsDevice = { isThere: () => process.platform !== 'linux' || hasDeviceFile() };
