/**
 * The share of a machine's processors that a container may use: the CPU quota of Linux' control groups, version 1 and
 * 2. Node 20 knows nothing of it: `availableParallelism()` counts the machine's cores.
 *
 * https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max), https://docs.kernel.org/scheduler/sched-bwc.html (v1)
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/** Reads a file; undefined where that cannot be done. */
export type ReadText = (path: string) => string | undefined;

/** A mounted hierarchy of control groups: its group `root` is seen at the folder `at`. */
interface Hierarchy {
  readonly version: 1 | 2;
  readonly root: string;
  readonly at: string;
}

/** The hierarchies that can hold a CPU quota, from the lines of /proc/self/mountinfo. */
function hierarchies(mountinfo: string): Hierarchy[] {
  return mountinfo.split('\n').flatMap((line): Hierarchy[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', at = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') return [{ version: 2, root, at }];
    return type === 'cgroup' && options.split(',').includes('cpu') ? [{ version: 1, root, at }] : [];
  });
}

/** This process's group in a hierarchy, from the lines `id:controllers:path` of /proc/self/cgroup. */
function groupIn({ version }: Hierarchy, cgroup: string): string | undefined {
  for (const line of cgroup.split('\n')) {
    const [id, controllers = '', ...path] = line.split(':');
    const isIt = version === 2 ? id === '0' && controllers === '' : controllers.split(',').includes('cpu');
    if (isIt) return path.join(':');
  }
  return undefined;
}

/** The folders of a group and of the groups around it, up to where the hierarchy is mounted. */
function foldersOf({ root, at }: Hierarchy, group: string): string[] {
  const below = posix.relative(root, group);
  // A container often sees its own group as the root, under the name that it has outside.
  const parts = below === '' || below.startsWith('..') ? [] : below.split('/');
  return [at, ...parts.map((_, i) => posix.join(at, ...parts.slice(0, i + 1)))];
}

/** The quota of one group, in processors; undefined for none. */
function quotaIn({ version }: Hierarchy, folder: string, read: ReadText): number | undefined {
  const [quota, period] =
    version === 2
      ? (read(posix.join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number)
      : ['quota', 'period'].map((what) => Number(read(posix.join(folder, `cpu.cfs_${what}_us`)) ?? NaN));
  // "max" and -1 are no limit.
  return quota! > 0 && period! > 0 ? quota! / period! : undefined;
}

/** The smallest CPU quota on this process and the groups around it, in processors (1.5, say); undefined for none. */
export function cpuQuota(read: ReadText): number | undefined {
  const cgroup = read('/proc/self/cgroup') ?? '';
  const quotas = hierarchies(read('/proc/self/mountinfo') ?? '').flatMap((hierarchy) => {
    const group = groupIn(hierarchy, cgroup);
    if (group === undefined) return [];
    return foldersOf(hierarchy, group).flatMap((folder) => quotaIn(hierarchy, folder, read) ?? []);
  });
  return quotas.length > 0 ? Math.min(...quotas) : undefined;
}

const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** Whole processors that this process may use: cores that the scheduler gives it, within the CPU quota; at least 1. */
export const usableCpus = (read: ReadText = readText, cores = availableParallelism()): number =>
  Math.max(1, Math.floor(Math.min(cores, cpuQuota(read) ?? Infinity)));
