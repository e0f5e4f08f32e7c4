/** What a set-up has to do here, or why it cannot: decisions only, no I/O. */
import { SetupError } from './errors.js';
import { OLDEST_GLIBC, PINS, TENSORFLOW_VERSION, UNPACKED, type Kind, type Pin } from './pins.js';

/** What of the machine decides. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Version of the GNU C library; undefined where the system has another. */
  readonly glibc: string | undefined;
}

/** Whether version `a` is at least `b`; both are numbers with dots. */
export function isAtLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < right.length; i++) {
    const difference = (left[i] ?? 0) - right[i]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Refuses a machine that the pinned wheels do not run on. @throws SetupError */
export function requireMachine({ platform, arch, glibc }: Machine): void {
  if (platform !== 'linux' || arch !== 'x64') {
    throw new SetupError(
      `TensorFlow can be set up on Linux x86-64 only, and this is ${platform} ${arch}.`,
      'setup-platform',
      'Use another backend: `adamw-bench doctor` shows which work here.',
    );
  }
  if (glibc === undefined || !isAtLeast(glibc, OLDEST_GLIBC)) {
    throw new SetupError(
      `TensorFlow ${TENSORFLOW_VERSION} wants the GNU C library ${OLDEST_GLIBC} or newer, and this system has ${glibc === undefined ? 'another C library' : glibc}.`,
      'setup-glibc',
      'Use a newer system (Debian 10, Ubuntu 18.10, RHEL 8 or later), in a container if need be.',
    );
  }
}

export interface Plan {
  readonly kind: Kind;
  /** What is still to be fetched. */
  readonly missing: readonly Pin[];
  /** Bytes to fetch, the part that an earlier try has left subtracted. */
  readonly download: number;
  /** Free bytes that the set-up takes at its largest: what is fetched and what is unpacked, side by side. */
  readonly disk: number;
}

/**
 * @param have bytes there already of each file, by name: whole files, and the beginnings that can be continued
 */
export function planSetup(kind: Kind, have: ReadonlyMap<string, number>): Plan {
  const missing = PINS[kind].filter(({ file, bytes }) => (have.get(file) ?? 0) < bytes);
  const download = missing.reduce((sum, { file, bytes }) => sum + bytes - (have.get(file) ?? 0), 0);
  return { kind, missing, download, disk: download + UNPACKED[kind] };
}

/** @param free bytes that this user may still write there */
export function requireSpace({ disk }: Plan, free: number, folder: string): void {
  if (free >= disk) return;
  throw new SetupError(
    `The set-up takes ${gigabytes(disk)} while it is made, and ${folder} has ${gigabytes(free)} free.`,
    'setup-disk',
    'Make room, or choose another disk with --dir.',
  );
}

/** Bytes as people read them: "274 MB", "3.4 GB". */
export const gigabytes = (bytes: number): string =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(Math.ceil(bytes / 1e8) / 10).toFixed(1)} GB`;

/** What is said before anything is fetched. */
export function announcement({ kind, download }: Plan, folder: string): string {
  const what = kind === 'cuda' ? "its CUDA build and NVIDIA's CUDA 12 libraries" : 'its CPU libraries';
  const fetches = download === 0 ? 'nothing is left to download' : `${gigabytes(download)} to download`;
  return `TensorFlow ${TENSORFLOW_VERSION}, ${what}, into ${folder}: ${fetches}, ${gigabytes(UNPACKED[kind])} on disk.`;
}

/**
 * Whether a member of a wheel belongs into the set-up, and where: a path below the package, or undefined.
 * https://github.com/tensorflow/tfjs/blob/master/tfjs-node/binding.gyp names the folders `deps/lib` and `deps/include`.
 */
export function placeOf(member: string): string | undefined {
  if (member.split('/').includes('..')) return undefined;
  const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/.exec(member);
  if (library) return `deps/lib/${library[1]!}`;
  const header =
    /^tensorflow\/include\/((?:tensorflow\/c\/|tensorflow\/core\/platform\/ctstring|tsl\/|xla\/tsl\/c\/).*\.h)$/.exec(
      member,
    );
  if (header) return `deps/include/${header[1]!}`;
  // No static libraries, no headers. nvcc is there for ptxas and libdevice, which XLA asks for.
  if (/^nvidia\/\w+\/lib\/[^/]+\.so(\.[\d.]+)?$/.test(member)) return `deps/${member}`;
  if (/^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/[^/]+\.bc)$/.test(member)) return `deps/${member}`;
  return undefined;
}

/** The licence texts in a wheel, which go along with its libraries. */
export const isLicence = (member: string): boolean =>
  !member.includes('..') && /\.dist-info\/(licenses\/)?(LICENSE|License|NOTICE)[^/]*$/.test(member);

/**
 * Folders of NVIDIA's libraries that are not on the search path of libtensorflow_framework, which opens them. Links to
 * their files in a folder that is on it (cublas) let them be found.
 */
export const UNSEARCHED = ['curand', 'cusolver', 'cuda_nvrtc'] as const;
export const SEARCHED = 'cublas';
