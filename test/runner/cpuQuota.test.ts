/** How many processors a container's control groups leave to the program. */
import { describe, expect, it } from 'vitest';
import { cpuQuota, usableCpus } from '../../src/runner/cpuQuota.js';

const reading = (files: Readonly<Record<string, string>>) => (path: string) => files[path];

const v2 = (root: string, group: string, files: Readonly<Record<string, string>>) =>
  reading({
    '/proc/self/cgroup': `0::${group}\n`,
    '/proc/self/mountinfo': `22 1 0:20 / /proc rw - proc proc rw\n30 23 0:26 ${root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`,
    ...files,
  });

const v1 = (root: string, group: string, files: Readonly<Record<string, string>>) =>
  reading({
    '/proc/self/cgroup': `9:memory:/elsewhere\n4:cpu,cpuacct:${group}\n1:cpuset:/\n0::/\n`,
    '/proc/self/mountinfo': [
      `33 31 0:29 ${root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct`,
      '34 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset',
      '',
    ].join('\n'),
    ...files,
  });

describe('the CPU quota', () => {
  it.each([
    [
      'of a container that sees its group as the root',
      v2('/', '/', { '/sys/fs/cgroup/cpu.max': '150000 100000\n' }),
      1.5,
    ],
    ['that is none', v2('/', '/', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }), undefined],
    [
      'of a nested group, where one around it has less',
      v2('/', '/a.slice/b.scope', {
        '/sys/fs/cgroup/a.slice/cpu.max': '200000 100000\n',
        '/sys/fs/cgroup/a.slice/b.scope/cpu.max': '400000 100000\n',
      }),
      2,
    ],
    [
      'of a group that is mounted under its outer name',
      v2('/docker/abc', '/docker/abc/job', {
        '/sys/fs/cgroup/cpu.max': 'max 100000\n',
        '/sys/fs/cgroup/job/cpu.max': '300000 100000\n',
      }),
      3,
    ],
    [
      'of a group above what is mounted',
      v2('/', '/../other', { '/sys/fs/cgroup/cpu.max': '200000 100000\n' }),
      2,
    ],
    [
      'in version 1',
      v1('/docker/abc', '/docker/abc', {
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '250000\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      }),
      2.5,
    ],
    [
      'in version 1, nested',
      v1('/', '/slurm/job', {
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
        '/sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_period_us': '50000\n',
      }),
      1,
    ],
    [
      'in version 1 that is none',
      v1('/', '/', {
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      }),
      undefined,
    ],
    ['of a system without control groups', reading({}), undefined],
    ['in a file that says something else', v2('/', '/', { '/sys/fs/cgroup/cpu.max': 'soon\n' }), undefined],
  ])('%s', (_what, read, expected) => {
    expect(cpuQuota(read)).toBe(expected);
  });
});

it.each([
  ['4000000 100000', 64, 40],
  ['150000 100000', 64, 1],
  ['20000 100000', 64, 1],
  ['800000 100000', 4, 4],
  ['max 100000', 4, 4],
])('cpu.max of %s on %i cores leaves %i', (max, cores, expected) => {
  expect(usableCpus(v2('/', '/', { '/sys/fs/cgroup/cpu.max': max }), cores)).toBe(expected);
});
