/**
 * Whether a pid still belongs to the same process. Pids are used again: thousands after a reboot, and at once in
 * containers, whose first process is always number 1.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Where a pid of this process is valid: the boot of the machine and the pid namespace in it. So two containers with
 * one host name are two places. On systems other than Linux, the host name.
 */
export const place = [
  hostname(),
  tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  tryRead(() => readlinkSync('/proc/self/ns/pid')),
]
  .filter(Boolean)
  .join(' ');

/** When a process of this place started, in the kernel's ticks since boot; undefined if that cannot be known. */
export function birthOf(pid: number): string | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field is the program's name in parentheses, which may contain parentheses itself: proc(5).
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/** Whether there is a process with this pid, a zombie (dead, but not yet mourned) aside. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return text?.slice(text.lastIndexOf(')') + 2).charAt(0) !== 'Z';
}
